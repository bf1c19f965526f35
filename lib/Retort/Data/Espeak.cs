using System.ComponentModel;
using System.Diagnostics;

namespace Retort.Data;

/// <summary>How espeak-ng is called so that it says the same thing the same way each time.</summary>
internal static class Espeak
{
    /// <summary>What goes in front of every call's arguments.</summary>
    public static IReadOnlyList<string> Fixed { get; } = FixedBy(Help());

    /// <summary>
    /// From version 1.52 on the noise of its breathy voices (f2, f3, f5) differs from run to run unless -D asks for the same; 1.51,
    /// whose noise is fixed, refuses -D.
    /// </summary>
    /// <param name="help">what <c>espeak-ng --help</c> wrote</param>
    public static IReadOnlyList<string> FixedBy(string help) =>
        help.Split('\n').Any(line => line.TrimStart().StartsWith("-D", StringComparison.Ordinal)) ? ["-D"] : [];

    private static string Help()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("espeak-ng", "--help") { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var help = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return help;
        }
        catch (Win32Exception)
        {
            return ""; // who speaks says that the program is missing
        }
    }
}
