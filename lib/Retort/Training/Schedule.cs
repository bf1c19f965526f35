// Learning rates as pure functions of the step, so that a resumed run needs no scheduler state.
// Ced: the published training code of "CED: Consistent ensemble distillation for audio tagging" (2023): a linear
// warm-up joined to a cosine whose length is the whole run, not the run less the warm-up.

namespace Retort.Training;

/// <summary>Learning rate schedules. Each is a function from the step, counted from 0, to the learning rate.</summary>
public static class Schedule
{
    /// <summary>
    /// CED's schedule: rate·i/(W-1) for i &lt;= W-2, then floor·rate + (1-floor)/2·rate·(1 + cos(π(i-W+1)/D)) with
    /// W <paramref name="warmUp"/> and D <paramref name="steps"/>. The cosine's length is D and not D-W, so the last
    /// rate lies a little above floor·rate. The first step has rate 0, as published.
    /// </summary>
    /// <param name="rate">the highest learning rate</param>
    /// <param name="warmUp">steps of the warm-up; 0 and 1 mean none</param>
    /// <param name="steps">steps of the whole run</param>
    /// <param name="floor">the cosine's lowest rate as a share of <paramref name="rate"/></param>
    /// <exception cref="ArgumentOutOfRangeException">A negative warm-up, or not one step.</exception>
    public static Func<long, double> Ced(double rate, long warmUp, long steps, double floor = 0.1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(warmUp);
        return WarmUp(Math.Max(warmUp - 1, 0), rate, Cosine(rate, steps, floor));
    }

    /// <summary>
    /// Efficient audio captioning's schedule (Xu et al., Interspeech 2024; the released code): with k = i + 2, as its counter is at 1 before the
    /// first step raises it, rate·k/W up to W, then rate·(floor)^((k-W)/(D-W)). W is <paramref name="warmUp"/>, D <paramref name="steps"/>.
    /// </summary>
    /// <param name="rate">the highest learning rate</param>
    /// <param name="warmUp">steps of the warm-up</param>
    /// <param name="steps">steps of the whole run</param>
    /// <param name="floor">the last rate as a share of <paramref name="rate"/></param>
    /// <exception cref="ArgumentOutOfRangeException">A negative warm-up, or none but it.</exception>
    public static Func<long, double> WarmUpExponential(double rate, long warmUp, long steps, double floor = 1e-3)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(warmUp);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(warmUp, steps);
        return step => step + 2 <= warmUp ? rate * (step + 2) / warmUp : rate * Math.Pow(floor, (step + 2.0 - warmUp) / (steps - warmUp));
    }

    /// <summary>The same rate at every step.</summary>
    public static Func<long, double> Constant(double rate) => _ => rate;

    /// <summary>From <paramref name="first"/> at step 0 in a straight line to <paramref name="last"/> at step <paramref name="steps"/>, and constant after it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not one step.</exception>
    public static Func<long, double> Linear(double first, double last, long steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        return step => first + (last - first) * Math.Min(step, steps) / steps;
    }

    /// <summary>
    /// floor·rate + (1-floor)/2·rate·(1 + cos(π·i/D)) for i up to D = <paramref name="steps"/>, and floor·rate after it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not one step.</exception>
    public static Func<long, double> Cosine(double rate, long steps, double floor = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        var low = floor * rate;
        return step => low + (rate - low) / 2 * (1 + Math.Cos(Math.PI * Math.Min(step, steps) / steps));
    }

    /// <summary>
    /// rate·i/steps for i below <paramref name="steps"/>, then <paramref name="after"/>, whose step 0 is our step
    /// <paramref name="steps"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A negative number of steps.</exception>
    public static Func<long, double> WarmUp(long steps, double rate, Func<long, double> after)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        return step => step < steps ? rate * step / steps : after(step - steps);
    }
}
