using Retort.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// What the training of a prompt adapter takes, in bytes; with audio of some width, also the statistics network of the distillation.
/// Against the highest resident memory of a step on the CPU (6 layers of width 512, 4 lists of 256 and 512 tokens, 32 to 512 learned,
/// both types): 1 % less to 7 % more.
/// </summary>
internal sealed record LlamaMemory(long BaseWeights, long Base, long TrainedWeights, long Trained, long Kept, long Passing, long Logits, int Lists, int Tokens, int Answer)
{
    internal long Together => Base + Trained + Kept + Passing + Logits;

    internal static LlamaMemory Of(LlamaSettings size, PromptAdapterSettings adapter, ScalarType type, int lists, int tokens, int answer, int audioWidth)
    {
        using var shapes = new Llama(size, adapter, device: new Device(DeviceType.META));
        var all = shapes.named_parameters().ToArray();
        var trained = all.Where(p => Llama.IsAdapter(p.name)).Sum(p => p.parameter.numel());
        var weights = all.Sum(p => p.parameter.numel()) - trained;
        long width = size.Heads * size.Head, hidden = width / 4;
        trained += audioWidth > 0 ? adapter.NoiseWidth * width + hidden * (width + audioWidth) + hidden / 4 * (hidden + 1) : 0;
        long bytes = type == ScalarType.Float32 ? 4 : 2, rows = (long)lists * tokens;
        // What each adapted layer keeps of a token for the backward pass: the inputs of both norms in float32; queries, keys and values, what the
        // prompt rows gave, gate, its SiLU and the values beside it, and two rows of softmax in the base's type. Layers below keep nothing.
        var token = 8L * size.Width + bytes * (2 * width + 2L * size.Groups * size.Head + 3L * size.Hidden + size.Heads * (long)(tokens + adapter.Rows));
        // One layer's scores with and without the mask, and the hidden layer's gradients, come and go.
        var passing = rows * (2L * size.Heads * tokens + 3L * size.Hidden) * bytes;
        // Logits in float32, their logarithms, and the gradients of both; of a base in half precision the logits and their gradient in its type, too.
        var logits = (long)lists * answer * size.Vocabulary * (bytes == 4 ? 16 : 16 + 2 * bytes);
        return new LlamaMemory(weights, weights * bytes, trained, trained * 16, rows * token * (size.Depth - adapter.StartLayer), passing, logits, lists, tokens, answer);
    }

    public override string ToString()
    {
        static string Gb(long bytes) => FormattableString.Invariant($"{bytes / 1e9:F1} GB");
        return FormattableString.Invariant($"base {BaseWeights / 1e9:F2} G weights, {Gb(Base)}; adapter and statistics network {TrainedWeights / 1e6:F1} M weights with gradients and Adam's state {Gb(Trained)}; ")
            + $"{Lists} lists of {Tokens} tokens: kept for the backward pass {Gb(Kept)}, attention scores and gradients of a layer {Gb(Passing)}, logits of {Answer} tokens {Gb(Logits)}; together {Gb(Together)}";
    }
}
