using Retort.Data;

namespace Retort.Tests.Data;

public sealed class CacheTest
{
    private static string Hash() => Guid.NewGuid().ToString("n");

    [Fact]
    public void Entry_AskedByManyAtOnce_IsMadeOnce()
    {
        var (hash, made) = (Hash(), 0);
        var folders = new string[4];
        Parallel.For(0, 4, i => folders[i] = Cache.Entry("test", hash, folder =>
        {
            Interlocked.Increment(ref made);
            Thread.Sleep(100);
            File.WriteAllText(Path.Combine(folder, "content"), "whole");
        }));
        try
        {
            Assert.Equal(1, made);
            Assert.Single(folders.Distinct());
            Assert.Equal("whole", File.ReadAllText(Path.Combine(folders[0], "content")));
            Assert.StartsWith(Cache.Root, folders[0]);
        }
        finally
        {
            Remove(hash);
        }
    }

    [Fact]
    public void Entry_MakerFails_LeavesNothing_AndTheNextTryMakesIt()
    {
        var hash = Hash();
        try
        {
            Assert.Throws<InvalidOperationException>(() => Cache.Entry("test", hash, folder =>
            {
                File.WriteAllText(Path.Combine(folder, "content"), "half");
                throw new InvalidOperationException("stopped");
            }));
            Assert.Empty(Directory.GetDirectories(Cache.Root, $"test-{hash}*"));
            // What a killed process leaves behind goes, too.
            Directory.CreateDirectory(Path.Combine(Cache.Root, $"test-{hash}.part-left"));
            var folder = Cache.Entry("test", hash, f => File.WriteAllText(Path.Combine(f, "content"), "whole"));
            Assert.Equal([folder], Directory.GetDirectories(Cache.Root, $"test-{hash}*"));
        }
        finally
        {
            Remove(hash);
        }
    }

    private static void Remove(string hash)
    {
        Directory.Delete(Path.Combine(Cache.Root, $"test-{hash}"), recursive: true);
        File.Delete(Path.Combine(Cache.Root, $"test-{hash}.lock"));
    }
}
