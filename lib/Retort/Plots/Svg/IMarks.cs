namespace Retort.Plots.Svg;

/// <summary>The marks of all traces of one kind in a plot. Made before the axes have ranges: tells them its data.</summary>
internal interface IMarks
{
    void Draw(Canvas canvas, Box box);

    /// <summary>What may stand outside the axes.</summary>
    void DrawTexts(Canvas canvas, Box box);
}
