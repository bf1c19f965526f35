using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Retort.Tests.Torch;

public class HooksTest
{
    [Fact]
    public void Hooks_BeforeAndAfter_SeeAndChangeValues()
    {
        using var scope = NewDisposeScope();
        using var identity = Identity();
        var seen = new List<string>();
        identity.register_forward_pre_hook(m => seen.Add("before " + m.GetName()));
        var doubling = identity.register_forward_pre_hook((_, x) => x * 2);
        identity.register_forward_hook((_, x, y) => { seen.Add($"after {x.item<float>()}"); return y + 1; });
        Assert.Equal(7, identity.call(tensor(3f)).item<float>());
        doubling.remove();
        Assert.Equal(4, identity.call(tensor(3f)).item<float>());
        Assert.Equal(["before Identity", "after 6", "before Identity", "after 3"], seen);
    }

    [Fact]
    public void Append_WithoutAName_TakesThePlace()
    {
        using var net = Sequential(("stem", Linear(2, 2)));
        net.append(Linear(2, 2));
        Assert.Equal(["stem.weight", "stem.bias", "1.weight", "1.bias"], net.state_dict().Keys);
    }
}
