using System.Globalization;
using System.Text.Json;

namespace Retort.Data;

/// <summary>
/// The face's box from landmarks that a detector of the user's found (none is shipped): the published crop is the square that FFHQ's alignment puts round eyes
/// and mouth, bounded along the picture's axes.
/// </summary>
public static class FaceLandmarks
{
    /// <summary>
    /// The square of a face: half its side is the larger of 2 times the distance of the eyes and 1.8 times that from eyes to mouth, along the face's own axes; its
    /// centre lies a tenth of the way from the eyes to the mouth. Where it leaves the picture it is moved back, and made smaller where it is larger than the picture.
    /// </summary>
    /// <param name="points">68 points in the order of iBUG's (dlib's) annotation, or 5: the eyes, the nose, the corners of the mouth, left of the picture before right</param>
    /// <param name="width">of the picture</param>
    /// <param name="height">of the picture</param>
    /// <param name="source">for messages</param>
    /// <exception cref="BadInputException">There are other numbers of points, or eyes and mouth are at one place or outside the picture.</exception>
    public static (int Left, int Top, int Width, int Height) Box(IReadOnlyList<(double X, double Y)> points, int width, int height, string source = "landmarks")
    {
        (double X, double Y) Mean(int first, int count) => (points.Skip(first).Take(count).Average(p => p.X), points.Skip(first).Take(count).Average(p => p.Y));
        var (left, right, mouth) = points.Count switch
        {
            68 => (Mean(36, 6), Mean(42, 6), ((points[48].X + points[54].X) / 2, (points[48].Y + points[54].Y) / 2)),
            5 => (points[0], points[1], Mean(3, 2)),
            _ => throw new BadInputException(source, "", $"{points.Count} points; expected 68 in the order of dlib's annotation, or 5: two eyes, nose, two corners of the mouth"),
        };
        if (points.Any(p => !(p.X >= 0 && p.Y >= 0 && p.X < width && p.Y < height)))
        {
            throw new BadInputException(source, "", $"a point lies outside the picture of {width} x {height}; expected places in its pixels, the first at 0, 0");
        }
        (double X, double Y) eyes = ((left.X + right.X) / 2, (left.Y + right.Y) / 2), apart = (right.X - left.X, right.Y - left.Y), down = (mouth.Item1 - eyes.X, mouth.Item2 - eyes.Y);
        // The face's horizontal: along the eyes and across the line to the mouth, together.
        (double X, double Y) across = (apart.X + down.Y, apart.Y - down.X);
        var length = Math.Sqrt(across.X * across.X + across.Y * across.Y);
        if (length < 1 || apart.X * apart.X + apart.Y * apart.Y < 1)
        {
            throw new BadInputException(source, "", "eyes and mouth lie at one place; expected landmarks of a face, left of the picture before right");
        }
        var half = Math.Max(2 * Math.Sqrt(apart.X * apart.X + apart.Y * apart.Y), 1.8 * Math.Sqrt(down.X * down.X + down.Y * down.Y));
        // The turned square's extent along the picture's axes is the same both ways.
        var reach = half * (Math.Abs(across.X) + Math.Abs(across.Y)) / length;
        var side = Math.Min((int)Math.Ceiling(2 * reach), Math.Min(width, height));
        int Place(double centre, int room) => Math.Clamp((int)Math.Floor(centre - side / 2.0), 0, room - side);
        return (Place(eyes.X + 0.1 * down.X, width), Place(eyes.Y + 0.1 * down.Y, height), side, side);
    }

    /// <summary>Landmarks from a file: a JSON list of [x, y] pairs, or a line of two numbers a point, with a comma or blanks between.</summary>
    /// <exception cref="BadInputException">The file cannot be read, or holds something else; its place is named.</exception>
    public static IReadOnlyList<(double X, double Y)> Load(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
            if (text.TrimStart().StartsWith('['))
            {
                return [.. JsonSerializer.Deserialize<double[][]>(text)!.Select((p, i) => p is [var x, var y] ? (x, y) : throw new BadInputException(path, $"point {i + 1}", "expected two numbers"))];
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new BadInputException(path, "", $"expected a list of points, two numbers each: {e.Message}", e);
        }
        return [.. text.Split('\n').Select((line, i) => (Line: line.Trim(), Number: i + 1)).Where(l => l.Line.Length > 0).Select(l =>
            l.Line.Split([',', ' ', '\t', ';'], StringSplitOptions.RemoveEmptyEntries) is [var a, var b]
            && double.TryParse(a, CultureInfo.InvariantCulture, out var x) && double.TryParse(b, CultureInfo.InvariantCulture, out var y)
                ? (x, y) : throw new BadInputException(path, $"line {l.Number}", $"expected two numbers, found \"{l.Line[..Math.Min(40, l.Line.Length)]}\""))];
    }
}
