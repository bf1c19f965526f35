using static TorchSharp.torch;

namespace Retort.Decoding;

/// <summary>The smoother that the published pipeline lays over generated motion.</summary>
internal static class KalmanSmoother
{
    /// <summary>Kalman smoothing of each number's random walk but the scale's; the ratio is process over measurement noise.</summary>
    public static Tensor Smoothed(Tensor motion, double ratio)
    {
        if (ratio <= 0 || motion.shape[0] < 2)
        {
            return motion.alias();
        }
        var values = motion.cpu().contiguous().data<float>().ToArray();
        var (frames, width) = ((int)motion.shape[0], (int)motion.shape[1]);
        var (at, spread) = (new double[frames], new double[frames]);
        for (var m = 1; m < width; m++)
        {
            // Forward: spreads in units of the measurement noise; then backward.
            (at[0], spread[0]) = (values[m], 1);
            for (var i = 1; i < frames; i++)
            {
                var before = spread[i - 1] + ratio;
                var gain = before / (before + 1);
                (at[i], spread[i]) = (at[i - 1] + gain * (values[i * width + m] - at[i - 1]), (1 - gain) * before);
            }
            for (var i = frames - 2; i >= 0; i--)
            {
                at[i] += spread[i] / (spread[i] + ratio) * (at[i + 1] - at[i]);
            }
            for (var i = 0; i < frames; i++)
            {
                values[i * width + m] = (float)at[i];
            }
        }
        return tensor(values, motion.shape).to(motion.device);
    }
}
