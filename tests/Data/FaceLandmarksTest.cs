using Retort.Data;
using Retort.Torch;

namespace Retort.Tests.Data;

public sealed class FaceLandmarksTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-landmarks-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // Eyes 60 apart, the mouth 55 below them, turned by an angle about (300, 260).
    private static (double X, double Y)[] Face(double degrees, bool all)
    {
        var (sin, cos) = Math.SinCos(degrees / 180 * Math.PI);
        (double, double) At(double x, double y) => (x * cos - y * sin + 300, x * sin + y * cos + 260);
        return all
            ? [.. Enumerable.Range(0, 68).Select(i => i switch { < 36 => At(0, 0), < 42 => At(-30, -20), < 48 => At(30, -20), 48 => At(-20, 35), 54 => At(20, 35), _ => At(0, 10) })]
            : [At(-30, -20), At(30, -20), At(0, 5), At(-20, 35), At(20, 35)];
    }

    // By numpy from the formula of FFHQ's alignment: the least and largest corner of the turned square, rounded down and up.
    [Theory]
    [InlineData(0, 180, 125.5, 240)]
    [InlineData(20, 151.154, 92.569, 307.611)]
    [InlineData(-35, 124.556, 80.995, 334.255)]
    public void Box_EyesAndMouth_IsThePublishedSquare(double degrees, double left, double top, double side)
    {
        foreach (var all in new[] { true, false })
        {
            var box = FaceLandmarks.Box(Face(degrees, all), 1000, 800);
            Assert.Equal(box.Width, box.Height);
            Assert.InRange(box.Width, side - 0.01, side + 1.01);
            Assert.InRange(box.Left, left - 1.6, left + 1.6);
            Assert.InRange(box.Top, top - 1.6, top + 1.6);
        }
    }

    [Fact]
    public void Box_BeyondThePicture_IsMovedBackAndMadeSmaller()
    {
        var (left, top, width, height) = FaceLandmarks.Box(Face(0, false), 380, 330);
        Assert.Equal((140, 90, 240, 240), (left, top, width, height));
        Assert.Equal((180, 0, 200, 200), FaceLandmarks.Box([.. Face(0, false).Select(p => (p.X, p.Y - 160))], 380, 200));
    }

    [Fact]
    public void Box_NoFace_SaysWhatIsExpected()
    {
        string Error((double, double)[] points) => Assert.Throws<BadInputException>(() => FaceLandmarks.Box(points, 400, 400, "face.json")).Message;
        Assert.Contains("68", Error([(1, 1), (2, 2)]));
        Assert.Contains("one place", Error([.. Enumerable.Repeat((5.0, 5.0), 5)]));
        Assert.Contains("400 x 400", Error([.. Face(0, false)[..4], (500, 3)]));
        Assert.Contains("outside", Error([.. Face(0, false)[..4], (double.NaN, 3)]));
    }

    [Fact]
    public void Load_JsonOrLines_GivesThePointsOrNamesThePlace()
    {
        string Written(string text)
        {
            var path = Path.Combine(folder, "points.txt");
            File.WriteAllText(path, text);
            return path;
        }
        Assert.Equal([(1.5, 2), (3, 4)], FaceLandmarks.Load(Written("[[1.5, 2], [3, 4]]")));
        Assert.Equal([(1.5, 2), (3, 4)], FaceLandmarks.Load(Written("1.5 2\n\n3,4\n")));
        Assert.Contains("line 2", Assert.Throws<BadInputException>(() => FaceLandmarks.Load(Written("1 2\nnose 4"))).Message);
        Assert.Contains("point 2", Assert.Throws<BadInputException>(() => FaceLandmarks.Load(Written("[[1, 2], [3]]"))).Message);
        Assert.Throws<BadInputException>(() => FaceLandmarks.Load(Written("[[1, 2")));
        Assert.Throws<BadInputException>(() => FaceLandmarks.Load(Path.Combine(folder, "none")));
    }
}
