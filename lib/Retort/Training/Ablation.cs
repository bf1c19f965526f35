// An ablation as data: arms times seeds, run side by side. An arm's numbers depend on its settings and seed only, so that
// one thread, two threads or ten machines give the same table.

using System.Collections.Concurrent;
using System.Diagnostics;
using Retort.Torch;

namespace Retort.Training;

/// <summary>Runs the arms of an ablation for each seed, skips what is done, and gathers the results of all shards.</summary>
public static class Ablation
{
    private static readonly ConcurrentDictionary<(string? Folder, string Key), bool> made = new();

    /// <summary>
    /// Runs what this process's shard owns and what no file of the folder holds a result of. Seed by seed, so that an
    /// ablation that is stopped early has whole comparisons. A run that fails is recorded with its error and the others go
    /// on; it is tried again the next time.
    /// </summary>
    /// <param name="arms">the arms; their names are unique</param>
    /// <param name="seeds">the seeds, each for every arm</param>
    /// <param name="settings">folder, threads and shard</param>
    /// <param name="progress">where it is shown; left open</param>
    /// <param name="cancel">stops: arms at work are told, no other begins, ended ones are kept</param>
    /// <returns>the results of this process and of all others that have ended in the same folder</returns>
    /// <exception cref="ArmsFailedException">Runs failed; thrown after all others have ended.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="ArgumentException">Two arms have one name, a seed stands twice, or there is no thread.</exception>
    public static AblationResult Run(
        IReadOnlyList<Arm> arms, IReadOnlyList<long> seeds, AblationSettings? settings = null, Progress? progress = null, CancellationToken cancel = default)
    {
        using var interrupt = HostInterrupt.With(cancel);
        cancel = interrupt.Token;
        settings ??= new AblationSettings();
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Threads, 1);
        if (arms.GroupBy(a => a.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"two arms are called \"{twice.Key}\"", nameof(arms));
        }
        if (seeds.Distinct().Count() != seeds.Count)
        {
            throw new ArgumentException("a seed stands twice", nameof(seeds));
        }
        if (settings.Folder is { } place)
        {
            Durable.Append(place, () => Directory.CreateDirectory(place));
        }
        var all = seeds.SelectMany(seed => arms.Where(arm => arm.RunsFor(seed)).Select(arm => (Arm: arm, Seed: seed, Key: arm.Key(seed, settings.CodeVersion)))).ToArray();
        var results = settings.Folder is { } folder ? ResultsFile.Merge(folder) : [];
        var waiting = new ConcurrentQueue<(Arm Arm, long Seed, string Key, RunProgress Progress)>();
        using var silent = progress is null ? Progress.None() : null;
        for (var i = 0; i < all.Length; i++)
        {
            var (arm, seed, key) = all[i];
            if (settings.Shard.Owns(i) && !(results.TryGetValue(key, out var known) && known.Error is null))
            {
                waiting.Enqueue((arm, seed, key, (progress ?? silent!).Run(seeds.Count == 1 ? arm.Name : $"{arm.Name}, seed {seed}")));
            }
        }
        // Of the ended ones those that this process made, in another cell of a notebook, are none of an earlier run.
        var owned = all.Where((_, i) => settings.Shard.Owns(i)).ToArray();
        var here = owned.Count(run => results.TryGetValue(run.Key, out var known) && known.Error is null && made.ContainsKey((settings.Folder, run.Key)));
        (AppContext.GetData("Retort.Results") as Action<int, int>)?.Invoke(owned.Length - waiting.Count - here, owned.Length - here);
        var gate = new object();
        var causes = new List<Exception>();
        var lost = new List<Exception>();
        void Work()
        {
            try
            {
                using var alone = Threads.RunWith(1);
                while (!cancel.IsCancellationRequested && waiting.TryDequeue(out var next))
                {
                    if (RunOne(next.Arm, next.Seed, next.Key, next.Progress, settings, cancel) is not var (result, cause))
                    {
                        return;
                    }
                    lock (gate)
                    {
                        results[next.Key] = result;
                        if (cause is not null)
                        {
                            causes.Add(cause);
                        }
                        if (settings.Folder is not null)
                        {
                            ResultsFile.Append(Path.Combine(settings.Folder, ResultsFile.Name(settings.Shard)), result);
                            made.TryAdd((settings.Folder, next.Key), true);
                        }
                    }
                }
            }
            catch (Exception e)
            {
                // A result that cannot be kept, on a full disk for instance, ends the ablation: no other arm is begun.
                lock (gate)
                {
                    lost.Add(e);
                }
                waiting.Clear();
            }
        }
        var workers = Enumerable.Range(0, Math.Min(settings.Threads, Math.Max(waiting.Count, 1)))
            .Select(i => new Thread(Work, 16 << 20) { IsBackground = true, Name = $"arm {i}" }).ToArray();
        // One worker has one core, too: numbers must not depend on how many there are.
        using (Threads.OneBlasThread())
        {
            foreach (var worker in workers)
            {
                worker.Start();
            }
            foreach (var worker in workers)
            {
                worker.Join();
            }
        }
        if (lost.Count > 0)
        {
            throw new AggregateException("a result could not be kept", lost);
        }
        cancel.ThrowIfCancellationRequested();
        var outcome = Gather(settings, arms, seeds, results);
        return outcome.Failed.Count > 0 && settings.ThrowAtEnd ? throw new ArmsFailedException(outcome, causes) : outcome;
    }

    /// <summary>The results that all shards have left in the folder so far; nothing is run.</summary>
    public static AblationResult Collect(IReadOnlyList<Arm> arms, IReadOnlyList<long> seeds, AblationSettings settings) =>
        Gather(settings, arms, seeds, []);

    /// <summary>
    /// Waits until all shards have ended: for a stage, such as students, that needs all of the one before, such as teachers.
    /// </summary>
    /// <param name="arms">the arms of the stage that is waited for</param>
    /// <param name="seeds">their seeds</param>
    /// <param name="settings">the ablation's settings, with a folder that all shards write to</param>
    /// <param name="cancel">gives up</param>
    /// <exception cref="ArmsFailedException">A run of another shard failed.</exception>
    /// <exception cref="ArgumentException">There is no folder, so that no other shard can be heard of.</exception>
    public static AblationResult Wait(IReadOnlyList<Arm> arms, IReadOnlyList<long> seeds, AblationSettings settings, CancellationToken cancel = default)
    {
        if (settings.Folder is null)
        {
            throw new ArgumentException("shards meet in a folder, and there is none", nameof(settings));
        }
        while (true)
        {
            var result = Collect(arms, seeds, settings);
            if (result.Failed.Count > 0)
            {
                throw new ArmsFailedException(result, []);
            }
            if (result.Missing.Count == 0)
            {
                return result;
            }
            cancel.WaitHandle.WaitOne(TimeSpan.FromSeconds(1));
            cancel.ThrowIfCancellationRequested();
        }
    }

    private static AblationResult Gather(AblationSettings settings, IReadOnlyList<Arm> arms, IReadOnlyList<long> seeds, Dictionary<string, ArmResult> here)
    {
        // Other shards may have ended arms meanwhile.
        var results = settings.Folder is { } folder && Directory.Exists(folder) ? ResultsFile.Merge(folder) : here;
        var runs = new List<ArmResult>();
        var missing = new List<(string, long)>();
        foreach (var arm in arms)
        {
            foreach (var seed in seeds.Where(arm.RunsFor))
            {
                if (results.TryGetValue(arm.Key(seed, settings.CodeVersion), out var result))
                {
                    runs.Add(result);
                }
                else
                {
                    missing.Add((arm.Name, seed));
                }
            }
        }
        return new AblationResult(runs, missing);
    }

    // Null when it was stopped: a stopped arm has no result.
    private static (ArmResult Result, Exception? Cause)? RunOne(Arm arm, long seed, string key, RunProgress progress, AblationSettings settings, CancellationToken cancel)
    {
        var (watch, core) = (Stopwatch.StartNew(), Threads.ProcessorTime());
        var folder = settings.Folder is { } root ? FolderOf(root, arm.Name, seed, key) : null;
        ArmResult Result(ArmOutcome? outcome, string? error) => new(
            arm.Name, seed, key, settings.CodeVersion, arm.SettingsElement, outcome?.Values ?? new Dictionary<string, double>(),
            outcome?.Curves ?? new Dictionary<string, Curve>(), error, watch.Elapsed.TotalSeconds, Environment.MachineName, (Threads.ProcessorTime() - core)?.TotalSeconds);
        progress.Begin();
        try
        {
            var outcome = arm.Run(new ArmContext(arm.Name, seed, folder, progress, cancel));
            progress.Done();
            return (Result(outcome, null), null);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            progress.Failed("stopped");
            return null;
        }
        catch (Exception e)
        {
            var error = $"{e.GetType().Name}: {e.Message}";
            progress.Failed(error);
            return (Result(null, error), e);
        }
    }

    /// <summary>The folder of one run below the folder of results.</summary>
    internal static string FolderOf(string root, string arm, long seed, string key) => Path.Combine(root, "runs", $"{FileName(arm)}-seed{seed}-{key}");

    private static string FileName(string name)
    {
        var safe = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '_'));
        return safe[..Math.Min(safe.Length, 60)];
    }
}
