using Retort.Data;

namespace Retort.Tests.Data;

[Collection(Alone.Name)]
public sealed class SyntheticSpeechCacheTest : IDisposable
{
    private readonly string? old = Environment.GetEnvironmentVariable("RETORT_CACHE");
    private readonly string elsewhere = Directory.CreateTempSubdirectory("retort-spoken").FullName;
    private static readonly SyntheticSpeechSettings Few = SyntheticSpeechTest.Small with { ValidationUtterances = 18 };

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("RETORT_CACHE", old);
        Directory.Delete(elsewhere, recursive: true);
    }

    [Fact]
    public void Of_SameSettings_TheSameBits_AndOthersWithAnotherSeed()
    {
        Environment.SetEnvironmentVariable("RETORT_CACHE", Path.Combine(elsewhere, "a"));
        var first = SyntheticSpeechTest.Sounds(Few);
        Environment.SetEnvironmentVariable("RETORT_CACHE", Path.Combine(elsewhere, "b"));
        Assert.Equal(first, SyntheticSpeechTest.Sounds(Few));
        Assert.NotEqual(first, SyntheticSpeechTest.Sounds(Few with { Seed = 1 }));
    }

    [Fact]
    public void Of_ACacheWithAFileCutShort_SaysSo()
    {
        Environment.SetEnvironmentVariable("RETORT_CACHE", elsewhere);
        SyntheticSpeech.Of(Few, Split.Validation);
        var file = Directory.GetFiles(elsewhere, "samples.s16", SearchOption.AllDirectories).Single();
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..1000]);
        Assert.Contains("remove the folder", Assert.Throws<BadInputException>(() => SyntheticSpeech.Of(Few, Split.Validation)).Message);
    }

    [Fact]
    public void Of_WithoutEspeak_SaysWhatToInstall()
    {
        var path = Environment.GetEnvironmentVariable("PATH");
        Environment.SetEnvironmentVariable("RETORT_CACHE", elsewhere);
        Environment.SetEnvironmentVariable("PATH", elsewhere);
        try
        {
            Assert.Contains("install the package espeak-ng", Assert.Throws<BadInputException>(() => SyntheticSpeech.Of(Few, Split.Validation)).Message);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
        }
        Assert.Empty(Directory.GetDirectories(elsewhere)); // nothing that looks complete
        Assert.Equal(18, SyntheticSpeech.Of(Few, Split.Validation).Count);
    }
}
