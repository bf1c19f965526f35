using static TorchSharp.torch;

namespace Retort.Metrics;

/// <summary>
/// Numbers of motion (N, T, 70) in KDTalker's order: scale, yaw, pitch, roll in degrees, translation, expression. Each gives one number a row
/// unless it says otherwise. The published "diversity" is a deviation over time and rewards jitter: read it beside the acceleration.
/// </summary>
public static class MotionMetrics
{
    private const int FirstAngle = 1, Angles = 3, LowerLip = 7 + 3 * 19 + 1, UpperLip = 7 + 3 * 20 + 1;

    /// <summary>How far the lips are open (N, T): y of the lower lip's keypoint less the upper's.</summary>
    public static Tensor LipOpening(Tensor motion)
    {
        using var scope = NewDisposeScope();
        return (motion.select(2, LowerLip) - motion.select(2, UpperLip)).MoveToOuterDisposeScope();
    }

    /// <summary>Pearson's correlation over time of rows (N, T); 0 where one of them does not vary.</summary>
    public static double[] Correlation(Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        Tensor x = a.to(float64), y = b.to(float64);
        x = x - x.mean([1], keepdim: true);
        y = y - y.mean([1], keepdim: true);
        var below = (x.square().sum(1) * y.square().sum(1)).sqrt();
        return Numbers(where(below > 1e-12, (x * y).sum(1) / below.clamp_min(1e-12), zeros_like(below)));
    }

    /// <summary>Correlation of generated lips with true ones, the generated <paramref name="shift"/> frames later in a circle.</summary>
    /// <param name="generated">(N, T, 70)</param>
    /// <param name="truth">(N, T, 70)</param>
    /// <param name="shift">frames; 0 for lips that belong together</param>
    public static double[] LipCorrelation(Tensor generated, Tensor truth, int shift = 0)
    {
        using var scope = NewDisposeScope();
        return Correlation(LipOpening(generated).roll(shift, 1), LipOpening(truth));
    }

    /// <summary>Standard deviation over time of yaw, pitch and roll, their mean, in degrees.</summary>
    public static double[] PoseDeviation(Tensor motion)
    {
        using var scope = NewDisposeScope();
        return Numbers(AnglesOf(motion).std(1).mean([1]));
    }

    /// <summary>Mean size of the second difference of yaw, pitch and roll, in degrees a frame²: jitter.</summary>
    public static double[] Acceleration(Tensor motion)
    {
        using var scope = NewDisposeScope();
        return Numbers(AnglesOf(motion).diff(2, 1).abs().mean([1, 2]));
    }

    /// <summary>Mean size of the first difference of yaw, pitch and roll, (T - 1) numbers in degrees a frame, over all rows: jumps where windows meet.</summary>
    public static double[] SpeedByFrame(Tensor motion)
    {
        using var scope = NewDisposeScope();
        return Numbers(AnglesOf(motion).diff(1, 1).abs().mean([0, 2]));
    }

    /// <summary>How samples of the same sound differ: deviation over samples of yaw, pitch and roll, mean over time, in degrees.</summary>
    /// <param name="samples">(S, N, T, 70), two samples or more</param>
    public static double[] Spread(Tensor samples)
    {
        using var scope = NewDisposeScope();
        return Numbers(samples.narrow(3, FirstAngle, Angles).to(float64).std(0).mean([1, 2]));
    }

    /// <summary>
    /// Fréchet distance of two sets of clips: |m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^1/2) on each clip's mean, deviation and mean speed of the three
    /// angles and the lips' opening, each divided by the first set's deviation. In place of FID and FVD, which need published networks.
    /// </summary>
    /// <param name="truth">(N, T, 70), more than 12 clips</param>
    /// <param name="generated">(M, T, 70), more than 12 clips</param>
    public static double Frechet(Tensor truth, Tensor generated)
    {
        if (truth.shape[0] < 13 || generated.shape[0] < 13)
        {
            throw new ArgumentException($"a Fréchet distance of 12 numbers needs 13 clips or more on each side, not {truth.shape[0]} and {generated.shape[0]}", nameof(generated));
        }
        using var scope = NewDisposeScope();
        Tensor a = Statistics(truth), b = Statistics(generated);
        var scale = a.std(0).clamp_min(1e-9);
        (a, b) = (a / scale, b / scale);
        Tensor ca = Covariance(a), cb = Covariance(b);
        // The root of a product of two positive matrices has the trace of the root of A^1/2 B A^1/2.
        var root = Root(ca);
        var middle = linalg.eigvalsh(matmul(matmul(root, cb), root)).clamp_min(0).sqrt().sum();
        return ((a.mean([0]) - b.mean([0])).square().sum() + ca.trace() + cb.trace() - 2 * middle).item<double>();
    }

    private static Tensor Statistics(Tensor motion)
    {
        var seen = cat([AnglesOf(motion), LipOpening(motion).unsqueeze(2).to(float64)], 2);  // (N, T, 4)
        return cat([seen.mean([1]), seen.std(1), seen.diff(1, 1).abs().mean([1])], 1);
    }

    private static Tensor Covariance(Tensor x)
    {
        var centred = x - x.mean([0], keepdim: true);
        return matmul(centred.t(), centred) / (x.shape[0] - 1);
    }

    private static Tensor Root(Tensor symmetric)
    {
        var (values, vectors) = linalg.eigh(symmetric);
        return matmul(vectors * values.clamp_min(0).sqrt(), vectors.t());
    }

    private static Tensor AnglesOf(Tensor motion) => motion.narrow(2, FirstAngle, Angles).to(float64);

    private static double[] Numbers(Tensor x) => x.to(float64).contiguous().data<double>().ToArray();
}
