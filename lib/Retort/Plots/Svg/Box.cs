namespace Retort.Plots.Svg;

/// <summary>A rectangle in pixels.</summary>
internal readonly record struct Box(double X, double Y, double W, double H)
{
    public double Right => X + W;

    public double Foot => Y + H;
}
