using Retort.Randomness;

namespace Retort.Data;

/// <summary>Divides clips into parts so that each label is divided by the parts' shares: the rarest label first, each clip to the part that lacks it most.</summary>
internal static class Division
{
    public static int[][] Of(TaggingData data, long seed, IReadOnlyList<double> shares)
    {
        if (shares.Count == 0 || shares.Any(s => !(s > 0)) || Math.Abs(shares.Sum() - 1) > 1e-6)
        {
            throw new ArgumentException($"shares of {string.Join(", ", shares)}; expected shares above 0 that make 1 together", nameof(shares));
        }
        var order = Enumerable.Range(0, data.Count).OrderBy(i => RandomStream.Of(seed, "division", data.Id(i)).NextUInt64()).ThenBy(i => i).ToArray();
        var waiting = new List<int>[data.Classes.Count];
        for (var label = 0; label < waiting.Length; label++)
        {
            waiting[label] = [.. order.Where(i => data.Labels(i).Contains(label))];
        }
        var wanted = shares.Select(s => s * data.Count).ToArray();
        var wantedOf = waiting.Select(clips => shares.Select(s => s * clips.Count).ToArray()).ToArray();
        var part = new int[data.Count];
        Array.Fill(part, -1);
        foreach (var label in Enumerable.Range(0, waiting.Length).OrderBy(l => waiting[l].Count).ThenBy(l => l))
        {
            foreach (var clip in waiting[label].Where(c => part[c] < 0))
            {
                Put(clip, Enumerable.Range(0, shares.Count).OrderByDescending(p => wantedOf[label][p]).ThenByDescending(p => wanted[p]).First());
            }
        }
        foreach (var clip in order.Where(c => part[c] < 0))
        {
            Put(clip, Enumerable.Range(0, shares.Count).MaxBy(p => wanted[p]));
        }
        var parts = Enumerable.Range(0, shares.Count).Select(p => order.Where(c => part[c] == p).ToArray()).ToArray();
        return Array.FindIndex(parts, p => p.Length == 0) is >= 0 and var empty
            ? throw new BadInputException("clips", "", $"{data.Count} are too few to divide: the part of {shares[empty]:0.##} would be empty")
            : parts;

        void Put(int clip, int p)
        {
            part[clip] = p;
            wanted[p]--;
            foreach (var label in data.Labels(clip))
            {
                wantedOf[label][p]--;
            }
        }
    }
}
