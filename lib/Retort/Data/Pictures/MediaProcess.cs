using System.ComponentModel;
using System.Diagnostics;

namespace Retort.Data;

/// <summary>Runs ffmpeg on pictures and videos.</summary>
internal static class MediaProcess
{
    private const long MostBytes = 1L << 31;

    /// <summary>What ffmpeg writes to its output.</summary>
    /// <param name="about">the file that an error names</param>
    /// <param name="arguments">all but the first, which keep it quiet and away from networks</param>
    /// <param name="feed">writes its input; null: it has none</param>
    /// <param name="strict">whether an error that it names is one although it ends well, as it does where the disk is full at a file's end</param>
    /// <exception cref="BadInputException">ffmpeg is missing or fails.</exception>
    public static byte[] Run(string about, IReadOnlyList<string> arguments, Action<Stream>? feed = null, bool strict = false)
    {
        var info = new ProcessStartInfo("ffmpeg", [.. feed is null ? ["-nostdin"] : Array.Empty<string>(), "-v", "error", "-threads", "1", "-protocol_whitelist", "file,pipe", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process;
        try
        {
            process = Process.Start(info)!;
        }
        catch (Win32Exception e)
        {
            throw new BadInputException("ffmpeg", "", $"the program was not found; it is needed for {about} (Debian and Ubuntu: apt-get install ffmpeg)", e);
        }
        using (process)
        {
            try
            {
                var errors = process.StandardError.ReadToEndAsync();
                using var output = new MemoryStream();
                var reading = Task.Factory.StartNew(() => Copy(process.StandardOutput.BaseStream, output, about), TaskCreationOptions.LongRunning);
                try
                {
                    feed?.Invoke(process.StandardInput.BaseStream);
                    process.StandardInput.Close();
                }
                catch (IOException)
                {
                    // It ended before it had read all; its error says why.
                }
                reading.GetAwaiter().GetResult();
                process.WaitForExit();
                var lines = errors.GetAwaiter().GetResult().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                return process.ExitCode == 0 && !(strict && lines.Length > 0) ? output.ToArray()
                    : throw new BadInputException(about, "", $"ffmpeg failed: {(lines.Length == 0 ? $"code {process.ExitCode}" : strict ? lines[0] : lines[^1])}");
            }
            finally
            {
                if (!process.HasExited)
                {
                    process.Kill(entireProcessTree: true);
                }
            }
        }
    }

    private static void Copy(Stream from, MemoryStream to, string about)
    {
        var buffer = new byte[1 << 16];
        for (int read; (read = from.Read(buffer)) > 0;)
        {
            if (to.Length + read >= Math.Min(MostBytes, Array.MaxLength))
            {
                throw new BadInputException(about, "", "more than 2 GB of decoded pictures; cut it into parts");
            }
            to.Write(buffer, 0, read);
        }
    }
}
