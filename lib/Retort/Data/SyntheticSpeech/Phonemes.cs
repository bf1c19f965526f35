using System.ComponentModel;
using System.Diagnostics;

namespace Retort.Data;

/// <summary>The phonemes of words, as espeak-ng names them, without stress.</summary>
internal static class Phonemes
{
    /// <summary>The phonemes of each word, by its American pronunciation.</summary>
    /// <exception cref="BadInputException">espeak-ng is missing or fails.</exception>
    public static IReadOnlyDictionary<string, string[]> Of(IReadOnlyList<string> words)
    {
        var start = new ProcessStartInfo("espeak-ng", ["-q", "-x", "--sep=_", "-v", "en-us", "--stdin"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        string said;
        try
        {
            using var process = Process.Start(start)!;
            // It reads all before it writes; a full stop ends each word's line.
            process.StandardInput.Write(string.Concat(words.Select(w => w + ".\n")));
            process.StandardInput.Close();
            said = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
        }
        catch (Win32Exception e)
        {
            throw new BadInputException("espeak-ng", "", "the program is missing, and made speech needs it: install the package espeak-ng (apt-get install espeak-ng)", e);
        }
        var lines = said.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length != words.Count)
        {
            throw new BadInputException("espeak-ng", "-x", $"it wrote the phonemes of {lines.Length} words, expected {words.Count}");
        }
        return words.Zip(lines).ToDictionary(p => p.First, p => p.Second.Split(['_', ' '], StringSplitOptions.RemoveEmptyEntries)
            .Select(phoneme => phoneme.Trim('\'', ',', '%', '=')).Where(phoneme => phoneme.Length > 0).ToArray());
    }
}
