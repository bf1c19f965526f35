using Retort.Tests.Weights;
using Xunit.Abstractions;

namespace Retort.Tests.Fuzz;

public sealed class PyTorchLegacyMutationTest(ITestOutputHelper output) : Mutations(output)
{
    protected override IReadOnlyList<byte[]> Seeds { get; } =
        [.. new[] { "state_legacy", "kinds_legacy", "shared_legacy", "nested_legacy" }.Select(Fixtures.Bytes)];

    protected override void Parse(byte[] file) => Archives.ReadAll(file);
}
