namespace Retort.Training;

/// <summary>All of a run's state that is not a tensor. One step counter: order, schedule and randomness follow from it.</summary>
/// <param name="Step">steps done</param>
/// <param name="Best">the best evaluations, the best first</param>
/// <param name="SinceBetter">evaluations since the best one</param>
/// <param name="Stopped">whether the run ended for lack of better evaluations</param>
/// <param name="Seconds">wall-clock time so far</param>
public sealed record TrainState(long Step, IReadOnlyList<BestEntry> Best, int SinceBetter, bool Stopped, double Seconds)
{
    /// <summary>The state before the first step.</summary>
    public static TrainState Start => new(0, [], 0, false, 0);

    /// <summary>The state after an evaluation. Of two equal scores the earlier is the better; NaN is never kept.</summary>
    internal TrainState After(double score, TrainSettings settings)
    {
        if (double.IsNaN(score))
        {
            return Later(this with { SinceBetter = SinceBetter + 1 });
        }
        bool Better(double a, double b) => settings.LowerIsBetter ? a < b : a > b;
        var place = Best.TakeWhile(b => !Better(score, b.Score)).Count();
        BestEntry[] best = [.. Best.Take(place), new BestEntry(Step, score), .. Best.Skip(place)];
        return Later(this with { Best = best.Take(settings.KeepBest).ToArray(), SinceBetter = place == 0 ? 0 : SinceBetter + 1 });

        TrainState Later(TrainState state) => state with { Stopped = settings.Patience > 0 && state.SinceBetter >= settings.Patience };
    }
}
