using System.Diagnostics;
using Retort.Data;

namespace Retort.Tests.Data;

public class EspeakTest
{
    [Fact]
    public void Fixed_ByTheProgramsHelp_AsksForSameNoiseWhereItCan()
    {
        Assert.Empty(Espeak.FixedBy("-a <integer>\n\t   Amplitude, 0 to 200\n-d <device>\n\t   Use the specified device"));
        Assert.Equal(["-D"], Espeak.FixedBy("-d <device>\n\t   Use the specified device\n-D\n\t   Enable deterministic random mode\n"));
    }

    [SkippableFact]
    public void BreathyVoice_SpokenTwice_IsTheSame()
    {
        byte[] Speak()
        {
            using var process = Process.Start(new ProcessStartInfo("espeak-ng", [.. Espeak.Fixed, "-v", "en+f5", "--stdout", "the same sound"]) { RedirectStandardOutput = true })!;
            using var sound = new MemoryStream();
            process.StandardOutput.BaseStream.CopyTo(sound);
            process.WaitForExit();
            return sound.ToArray();
        }

        byte[] first;
        try
        {
            first = Speak();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Skip.If(true, "espeak-ng is not on this machine");
            return;
        }
        Assert.True(first.Length > 10_000);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(first, Speak());
        }
    }
}
