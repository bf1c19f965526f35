using Retort.Tests.Weights;
using Xunit.Abstractions;

namespace Retort.Tests.Fuzz;

public sealed class PyTorchZipMutationTest(ITestOutputHelper output) : Mutations(output)
{
    protected override IReadOnlyList<byte[]> Seeds { get; } =
        [.. new[] { "state_zip", "kinds_zip", "shared_zip", "nested_zip", "state_byteorder" }.Select(Fixtures.Bytes)];

    protected override void Parse(byte[] file) => Archives.ReadAll(file);
}
