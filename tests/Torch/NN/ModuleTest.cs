using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Retort.Tests.Torch.NN;

public class ModuleTest
{
    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly Linear first = Linear(4, 3);

        [ComponentName(Name = "second.layer")]
        private readonly Linear renamed = Linear(3, 2, hasBias: false);

        private readonly Parameter scale = new(ones(2));
        private readonly Tensor table = arange(3, dtype: ScalarType.Float32);

        public Block() : base(nameof(Block))
        {
            register_buffer("passing", zeros(1), persistent: false);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return renamed.call(first.call(input)).mul(scale).MoveToOuterDisposeScope();
        }
    }

    [Fact]
    public void RegisterComponents_FieldsOfAllKinds_GivesPyTorchKeys()
    {
        using var block = new Block();
        Assert.Equal(
            ["scale", "table", "first.weight", "first.bias", "second.layer.weight"],
            block.state_dict().Keys);
        Assert.Equal(["scale", "first.weight", "first.bias", "second.layer.weight"], block.named_parameters().Select(p => p.name));
        Assert.Equal(["table", "passing"], block.named_buffers().Select(b => b.name).Order(StringComparer.Ordinal).Reverse());
        Assert.Single(block.named_buffers(include_nonpersistent: false));
        Assert.Equal(["first", "second.layer"], block.named_children().Select(c => c.name));
    }
}
