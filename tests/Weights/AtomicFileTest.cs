namespace Retort.Tests.Weights;

public sealed class AtomicFileTest
{
    [Fact]
    public void Write_ThatFailsInBetween_KeepsTheOldFileAndLeavesNothing()
    {
        using var file = new TemporaryFile([1, 2, 3]);
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(file.Name, stream =>
        {
            stream.Write(new byte[100_000]);
            throw new InvalidOperationException("stop");
        }));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(file.Name));
        Assert.Equal(["file.bin"], file.Beside);
    }

    [Fact]
    public void Write_ToAFullDisk_IsBadInputAndKeepsTheOldFile()
    {
        using var file = new TemporaryFile([1, 2, 3]);
        var error = Assert.Throws<BadInputException>(() => AtomicFile.Write(file.Name, _ => throw new IOException("No space left on device")));
        Assert.Contains("No space left", error.Message);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(file.Name));
        Assert.Equal(["file.bin"], file.Beside);
    }

    [Fact]
    public void WriteText_InAFolderThatIsMissing_MakesIt()
    {
        using var file = new TemporaryFile([1]);
        var path = Path.Combine(Path.GetDirectoryName(file.Name)!, "a", "b.txt");
        AtomicFile.WriteText(path, "é");
        Assert.Equal([0xc3, 0xa9], File.ReadAllBytes(path));
    }
}
