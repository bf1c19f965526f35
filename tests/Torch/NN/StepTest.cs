using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Retort.Tests.Torch.NN;

[Collection(Alone.Name)]
public class StepTest
{
    [Fact]
    public void TrainingSteps_OfAModelWithEveryKindOfLayer_HoldNoMoreTensorsThanTheFirst()
    {
        using var net = Sequential(Conv1d(2, 4, 3, padding: 1L), BatchNorm1d(4), GELU(), Flatten(), Dropout(0.1), Linear(32, 8), LayerNorm(8), Linear(8, 3));
        using var optimizer = optim.AdamW(net.parameters(), 1e-2);
        var schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, 200);
        using var x = randn(6, 2, 8);
        using var y = tensor([0L, 1, 2, 0, 1, 2]);
        using var criterion = CrossEntropyLoss();
        double first = 0, last = 0;
        long held = 0;
        for (var step = 0; step < 100; step++)
        {
            using (NewDisposeScope())
            {
                net.zero_grad();
                var loss = criterion.call(net.call(x), y);
                loss.backward();
                nn.utils.clip_grad_norm_(net.parameters(), 5);
                optimizer.step();
                schedule.step();
                last = loss.item<float>();
            }
            if (step == 1)
            {
                first = last;
                held = Tensor.TotalCount;
            }
            else if (step > 1)
            {
                // Fewer, where the collector finds what earlier tests left.
                Assert.InRange(Tensor.TotalCount, 0, held);
            }
        }
        Assert.True(last < first / 10, $"the loss went from {first} to {last}");
    }
}
