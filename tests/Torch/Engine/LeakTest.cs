using Retort.Torch;

namespace Retort.Tests.Torch;

[Collection(Alone.Name)]
public class LeakTest
{
    [Fact]
    public void LiveTensors_OverTwoHundredSteps_StayTheSame()
    {
        using var model = new TinyModel(1);
        model.Step();
        long before = LiveTensors.Count;
        for (int i = 0; i < 200; i++) model.Step();
        Assert.InRange(LiveTensors.Count, 0, before);
    }

    [Fact]
    public void LiveTensors_WhenStepsThrow_StayTheSame()
    {
        using var model = new TinyModel(2);
        model.Step();
        long before = LiveTensors.Count;
        for (int i = 0; i < 200; i++)
        {
            if (i % 2 == 0) model.Step();
            else Assert.Throws<InvalidDataException>(() => model.Step(() => throw new InvalidDataException()));
        }
        // A step that threw after its backward pass leaves its gradients, at most one for each weight.
        model.Step();
        Assert.InRange(LiveTensors.Count, 0, before);
    }

    [Fact]
    public void LiveTensors_OfTensorsOutsideAnyScope_FallAtCollection()
    {
        long before = LiveTensors.Count;
        MakeGarbage();
        Assert.True(LiveTensors.Count >= before + 50);
        for (int i = 0; i < 20 && LiveTensors.Count > before; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.True(LiveTensors.Count <= before, $"{LiveTensors.Count - before} tensors left");
    }

    private static void MakeGarbage()
    {
        for (int i = 0; i < 50; i++) TorchSharp.torch.zeros(4);
    }
}
