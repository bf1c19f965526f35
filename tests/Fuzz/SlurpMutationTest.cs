using System.Text;
using Retort.Data;
using Retort.Metrics;
using Retort.Tests.Data;
using Xunit.Abstractions;

namespace Retort.Tests.Fuzz;

/// <summary>Damaged SLURP text files, predictions, csv files and FLAC headers.</summary>
public sealed class SlurpMutationTest : Mutations, IDisposable
{
    private const string Predictions = "{\"file\": \"audio-1.flac\", \"scenario\": \"qa\", \"action\": \"maths\", \"entities\": [{\"type\": \"a\", \"filler\": \"b\"}]}\n";
    private const string Csv = "ID;duration;wav;transcript;scenario;action;entities\n0;0.5;slurp_real/audio-1.flac;wake me;alarm;set;time,five\n1;2;x_synth.flac;a;qa;b;null\n";
    private static readonly byte[] Flac = [.. "fLaC"u8, 0, 0, 0, 34, 16, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0x03, 0xE8, 0x00, 0xF0, 0, 0, 0x30, 0x39, .. new byte[16]];
    private readonly SlurpFiles files = new();

    public SlurpMutationTest(ITestOutputHelper output)
        : base(output)
    {
        Seeds = [Encoding.UTF8.GetBytes(SlurpFiles.Line + "\n" + SlurpFiles.Second), Encoding.UTF8.GetBytes(Predictions), Encoding.UTF8.GetBytes(Csv), Flac];
    }

    protected override IReadOnlyList<byte[]> Seeds { get; }

    // Each mutant is written to disk and read as its kind.
    protected override int Count => 3_000;

    public void Dispose() => files.Dispose();

    protected override void Parse(byte[] content)
    {
        var path = Path.Combine(files.Root, "test.jsonl");
        File.WriteAllBytes(path, content);
        var flac = content.AsSpan().StartsWith("fL"u8);
        if (flac)
        {
            SoundLength.Flac(content, path);
        }
        else if (content.AsSpan().IndexOf("slurp_id"u8) >= 0)
        {
            SlurpText.Read(path, SlurpScenarios.All);
            SlurpData.Open(files.Root, files.Audio, SlurpPart.Test);
        }
        else if (content.AsSpan().IndexOf(";"u8) >= 0)
        {
            SlurpCsv.Read(path, SlurpScenarios.All);
        }
        else
        {
            SlurpPredictions.Read(path);
        }
    }
}
