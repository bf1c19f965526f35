using Retort.Randomness;

namespace Retort.Data;

/// <summary>The parameters of one event of a class: each asked for by name and drawn from the recipe's range.</summary>
internal sealed class EventDraw(RandomStream draw, SoundClass what)
{
    /// <summary>For what has no range in the recipe: phases, noise, small jitter.</summary>
    public RandomStream Random => draw;

    /// <summary>Drawn evenly on a logarithmic scale.</summary>
    public double this[string range]
    {
        get
        {
            if (!what.Ranges.TryGetValue(range, out var limits))
            {
                throw new BadInputException(SoundRecipe.FileName, $"class \"{what.Name}\"", $"the range \"{range}\" is missing");
            }
            return limits[0] * Math.Pow(limits[1] / limits[0], draw.NextDouble());
        }
    }

    /// <summary>Near 1: at most the share above or below.</summary>
    public double Jitter(double share) => 1 + share * (2 * draw.NextDouble() - 1);

    /// <summary>Radians, anywhere in a turn.</summary>
    public double Phase() => 2 * Math.PI * draw.NextDouble();
}
