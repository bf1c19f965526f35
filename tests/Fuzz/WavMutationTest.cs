using Retort.Audio;
using Xunit.Abstractions;

namespace Retort.Tests.Fuzz;

public sealed class WavMutationTest(ITestOutputHelper output) : Mutations(output)
{
    protected override IReadOnlyList<byte[]> Seeds { get; } = Make();

    protected override void Parse(byte[] file) => WavFile.Read(new MemoryStream(file), "mutant.wav");

    private static List<byte[]> Make()
    {
        var samples = Enumerable.Range(0, 12).Select(i => i / 16f - 0.4f).ToArray();
        var seeds = new List<byte[]>();
        foreach (var encoding in Enum.GetValues<WavEncoding>())
        {
            foreach (var channels in new[] { 1, 3 })
            {
                using var bytes = new MemoryStream();
                WavWriter.Write(bytes, new Wave(samples, 16000, channels), encoding);
                seeds.Add(bytes.ToArray());
            }
        }
        seeds.Add(Audio.WavBytes.With(Audio.WavBytes.Format(), ("LIST", [1, 2, 3]), ("data", [1, 0, 2, 0])));
        seeds.Add(Audio.WavBytes.Rf64());
        return seeds;
    }
}
