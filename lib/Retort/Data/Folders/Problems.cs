namespace Retort.Data;

/// <summary>Lists everything that is wrong with a data set on disk, in one go.</summary>
public static class Problems
{
    /// <summary>Opens a data set and lists all that is wrong with its lists and, if wanted, with its sound.</summary>
    /// <param name="open">opens it with the rule given, such as <c>rows => CsvFolder.Open("clips.csv", badRows: rows)</c></param>
    /// <param name="readAudio">read every clip, which takes as long as one epoch of loading</param>
    /// <returns>the problems in the order of the list; empty where there are none</returns>
    public static IReadOnlyList<Problem> Check(Func<BadRows, AudioFolder> open, bool readAudio = true)
    {
        AudioFolder data;
        try
        {
            data = open(BadRows.LeaveOut);
        }
        catch (BadInputException e)
        {
            return [new Problem(e.Input, e.Place, e.Problem)];
        }
        return Check(data, readAudio);
    }

    /// <summary>Lists the rows that were left out when the data set was opened, then the clips whose sound cannot be used.</summary>
    public static IReadOnlyList<Problem> Check(AudioFolder data, bool readAudio = true) =>
        [.. data.Problems, .. readAudio ? OfSounds(data.Count, data.Samples, data.PathOf) : []];

    /// <summary>Sounds that cannot be read, or that hold nothing but zeros, in their order. Reads all, on all cores.</summary>
    internal static IReadOnlyList<Problem> OfSounds(int count, Func<int, float[]> samples, Func<int, string> path)
    {
        var found = new Problem?[count];
        Parallel.For(0, count, i =>
        {
            try
            {
                if (!samples(i).AsSpan().ContainsAnyExcept(0f))
                {
                    found[i] = new Problem(path(i), "", "all samples are zero");
                }
            }
            catch (BadInputException e)
            {
                found[i] = new Problem(e.Input, e.Place, e.Problem);
            }
        });
        return [.. found.OfType<Problem>()];
    }
}
