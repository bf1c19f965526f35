namespace Retort.Metrics;

/// <summary>
/// CPBD, the cumulative probability of blur detection (Narvekar and Karam, 2011): the share of edges that nobody would see as blurred. Blocks of 64 x 64
/// count where more than 0.2 % of their pixels are edges; an edge's width is the distance between the extremes of brightness on both sides of it in its row,
/// P = 1 - exp(-(w / w_JNB)^3.6) with w_JNB 5 pixels at a block contrast of up to 50 and 3 above, and edges with P up to 0.63 count. Edges are vertical ones by Sobel's
/// operator, thresholded and thinned in rows: published ports differ in this, so compare values of this function with each other only.
/// </summary>
public static class Sharpness
{
    private const int Block = 64;

    /// <summary>CPBD in 0..1 of a picture; 0 where no block has edges.</summary>
    /// <param name="rgb">3 bytes a pixel, row by row</param>
    /// <param name="width">pixels of a row, 64 or more</param>
    /// <param name="height">rows, 64 or more</param>
    /// <exception cref="ArgumentException">The picture is smaller than a block.</exception>
    public static double Cpbd(ReadOnlySpan<byte> rgb, int width, int height)
    {
        if (width < Block || height < Block || rgb.Length != 3 * width * height)
        {
            throw new ArgumentException($"a picture of {width} x {height} in {rgb.Length} bytes; expected {Block} x {Block} or more and three bytes a pixel", nameof(rgb));
        }
        var grey = new double[width * height];
        for (var i = 0; i < grey.Length; i++)
        {
            grey[i] = 0.299 * rgb[3 * i] + 0.587 * rgb[3 * i + 1] + 0.114 * rgb[3 * i + 2];
        }
        var edges = Edges(grey, width, height);
        var (seen, sharp) = (0, 0);
        for (var top = 0; top + Block <= height; top += Block)
        {
            for (var left = 0; left + Block <= width; left += Block)
            {
                var inside = new List<int>();
                double low = double.MaxValue, high = double.MinValue;
                for (var y = top; y < top + Block; y++)
                {
                    for (var x = left; x < left + Block; x++)
                    {
                        var i = y * width + x;
                        (low, high) = (Math.Min(low, grey[i]), Math.Max(high, grey[i]));
                        if (edges[i])
                        {
                            inside.Add(i);
                        }
                    }
                }
                if (inside.Count <= 0.002 * Block * Block)
                {
                    continue;
                }
                var noticeable = high - low <= 50 ? 5.0 : 3.0;
                foreach (var i in inside)
                {
                    seen++;
                    sharp += 1 - Math.Exp(-Math.Pow(Width(grey, width, i) / noticeable, 3.6)) <= 0.63 ? 1 : 0;
                }
            }
        }
        return seen == 0 ? 0 : (double)sharp / seen;
    }

    private static bool[] Edges(double[] grey, int width, int height)
    {
        var slope = new double[grey.Length];
        for (var y = 1; y < height - 1; y++)
        {
            for (var x = 1; x < width - 1; x++)
            {
                double Column(int dx) => grey[(y - 1) * width + x + dx] + 2 * grey[y * width + x + dx] + grey[(y + 1) * width + x + dx];
                slope[y * width + x] = (Column(1) - Column(-1)) / 8;
            }
        }
        var least = 2 * Math.Sqrt(slope.Average(s => s * s));
        return [.. slope.Select((s, i) => i > 0 && i + 1 < slope.Length && Math.Abs(s) > least && Math.Abs(s) >= Math.Abs(slope[i - 1]) && Math.Abs(s) > Math.Abs(slope[i + 1]))];
    }

    // Pixels between the extremes of brightness on both sides of the edge in its row.
    private static double Width(double[] grey, int width, int at)
    {
        var rising = grey[at + 1] > grey[at - 1] ? 1 : -1;
        int row = at / width * width, left = at, right = at;
        while (left > row && rising * (grey[left] - grey[left - 1]) > 0)
        {
            left--;
        }
        while (right < row + width - 1 && rising * (grey[right + 1] - grey[right]) > 0)
        {
            right++;
        }
        return right - left;
    }
}
