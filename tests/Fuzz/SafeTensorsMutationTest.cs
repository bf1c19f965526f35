using Retort.Tests.Weights;
using Retort.Torch;
using Xunit.Abstractions;

namespace Retort.Tests.Fuzz;

public sealed class SafeTensorsMutationTest(ITestOutputHelper output) : Mutations(output)
{
    protected override IReadOnlyList<byte[]> Seeds { get; } = [Fixtures.Bytes("safetensors")];

    protected override void Parse(byte[] file) => SafeTensorsHeader.Read(new MemoryStream(file), "mutant.safetensors");
}
