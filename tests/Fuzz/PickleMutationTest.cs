using Retort.Tests.Weights;
using Retort.Torch;
using Xunit.Abstractions;

namespace Retort.Tests.Fuzz;

/// <summary>The pickle of a zip alone: behind the zip's checksum a mutant would never reach the machine.</summary>
public sealed class PickleMutationTest(ITestOutputHelper output) : Mutations(output)
{
    protected override IReadOnlyList<byte[]> Seeds { get; } =
        [.. new[] { "state_zip", "kinds_zip", "shared_zip", "nested_zip", "state_protocol4" }.Select(Pickle)];

    protected override void Parse(byte[] file) =>
        new PickleMachine(new ByteSource(new MemoryStream(file), 0, file.Length, "mutant.pt", "pickle"), []).Run();

    private static byte[] Pickle(string name)
    {
        var file = Fixtures.Bytes(name);
        var entry = StoredZip.Read(new MemoryStream(file), name).Values.Single(e => e.Name.EndsWith("/data.pkl"));
        return file[(int)entry.Begin..(int)(entry.Begin + entry.Length)];
    }
}
