using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Modules one after another. Those added without a name are named by their place: "0", "1", ...</summary>
public class Sequential : nn.Module<Tensor, Tensor>
{
    private readonly List<(string Name, nn.IModule<Tensor, Tensor> Module)> steps = [];

    protected internal Sequential(params (string name, nn.Module<Tensor, Tensor> submodule)[] modules) : base(nameof(Sequential))
    {
        foreach (var (name, module) in modules)
        {
            append(name, module);
        }
    }

    protected internal Sequential(params nn.Module<Tensor, Tensor>[] modules) : base(nameof(Sequential))
    {
        foreach (var module in modules)
        {
            append(module);
        }
    }

    public int Count => steps.Count;

    public Sequential append(string name, nn.IModule<Tensor, Tensor> module)
    {
        Chain(name, (nn.Module)module);
        steps.Add((name, module));
        return this;
    }

    public Sequential append(nn.IModule<Tensor, Tensor> module) => append(steps.Count.ToString(), module);

    [IndexerName("SequentialItems")]
    public nn.IModule<Tensor, Tensor> this[int index] => steps[index].Module;

    [IndexerName("SequentialItems")]
    public Sequential this[(int? start, int? end) index] => Part(index.start ?? 0, index.end ?? Count);

    [IndexerName("SequentialItems")]
    public Sequential this[Range index] => Part(index.Start.GetOffset(Count), index.End.GetOffset(Count));

    // The same modules under their names; both containers hold them.
    private Sequential Part(int start, int end)
    {
        var part = new Sequential(Array.Empty<nn.Module<Tensor, Tensor>>());
        for (var i = start; i < end; i++)
        {
            part.append(steps[i].Name, steps[i].Module);
        }
        return part;
    }

    public override Tensor forward(Tensor tensor)
    {
        if (steps.Count == 0)
        {
            return tensor.alias();
        }
        var result = tensor;
        for (var i = 0; i < steps.Count; i++)
        {
            var next = steps[i].Module.call(result);
            // What lies between two steps belongs to nobody else.
            if (!ReferenceEquals(result, tensor) && !ReferenceEquals(next, result))
            {
                result.Dispose();
            }
            result = next;
        }
        return result;
    }
}
