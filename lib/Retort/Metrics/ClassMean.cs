namespace Retort.Metrics;

/// <summary>A metric of each class and its mean over the classes where it is defined.</summary>
/// <param name="PerClass">one value a class; NaN where the test set cannot say (no positive item)</param>
/// <param name="Mean">the mean over the other classes; NaN where there is none</param>
/// <param name="Undefined">how many classes are left out</param>
public sealed record ClassMean(IReadOnlyList<double> PerClass, double Mean, int Undefined)
{
    internal static ClassMean Of(double[] perClass)
    {
        double sum = 0;
        var defined = 0;
        foreach (var value in perClass)
        {
            if (!double.IsNaN(value))
            {
                sum += value;
                defined++;
            }
        }
        return new ClassMean(perClass, sum / defined, perClass.Length - defined);
    }
}
