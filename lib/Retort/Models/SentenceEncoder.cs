// Sentence vectors by a BERT encoder, mean pooling and L2 normalisation: the layout of all-MiniLM-L6-v2, RobustGER's text
// extractor (paper, appendix C.1), under Hugging Face's names.

using System.Text.Json;
using Retort.Layers;
using Retort.Text;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>The size of a <see cref="SentenceEncoder"/>. The defaults are all-MiniLM-L6-v2.</summary>
public sealed record SentenceEncoderSettings
{
    /// <summary>Number of word pieces.</summary>
    public int Vocabulary { get; init; } = 30_522;

    /// <summary>Width of a vector.</summary>
    public int Width { get; init; } = 384;

    /// <summary>Number of layers.</summary>
    public int Depth { get; init; } = 6;

    /// <summary>Attention heads.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Width of the hidden layers.</summary>
    public int Hidden { get; init; } = 1536;

    /// <summary>Rows of the table of positions.</summary>
    public int Positions { get; init; } = 512;

    /// <summary>Most word pieces that are read of a text, its two marks counted; the rest is cut off, as the library behind it does.</summary>
    public int MaxLength { get; init; } = 256;

    /// <summary>Epsilon of the norms.</summary>
    public double Epsilon { get; init; } = 1e-12;
}

/// <summary>BERT with mean pooling: texts to unit vectors. Keys of its state: <c>embeddings</c>, <c>encoder.layer.{i}</c>, as Hugging Face's BertModel.</summary>
public sealed class SentenceEncoder : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Embeddings embeddings;
    private readonly Stack encoder;
    private readonly SentenceEncoderSettings settings;

    private sealed class Embeddings : nn.Module
    {
        internal readonly RowTable word_embeddings, position_embeddings, token_type_embeddings;
        internal readonly LayerNorm LayerNorm;

        internal Embeddings(SentenceEncoderSettings s) : base(nameof(Embeddings))
        {
            word_embeddings = new RowTable(s.Vocabulary, s.Width);
            position_embeddings = new RowTable(s.Positions, s.Width);
            token_type_embeddings = new RowTable(2, s.Width);
            LayerNorm = nn.LayerNorm(s.Width, s.Epsilon);
            RegisterComponents();
        }
    }

    private sealed class Stack : nn.Module
    {
        internal readonly ModuleList<Layer> layer;

        internal Stack(SentenceEncoderSettings s) : base(nameof(Stack))
        {
            layer = new ModuleList<Layer>([.. Enumerable.Range(0, s.Depth).Select(_ => new Layer(s))]);
            RegisterComponents();
        }
    }

    private sealed class Layer : nn.Module
    {
        internal readonly AttentionPart attention;
        internal readonly DensePart intermediate;
        internal readonly OutputPart output;

        internal Layer(SentenceEncoderSettings s) : base(nameof(Layer))
        {
            attention = new AttentionPart(s);
            intermediate = new DensePart(s.Width, s.Hidden);
            output = new OutputPart(s.Hidden, s.Width, s.Epsilon);
            RegisterComponents();
        }

        internal Tensor Run(Tensor x, Tensor? mask)
        {
            using var scope = NewDisposeScope();
            var middle = attention.output.Run(attention.self.Run(x, mask), x);
            return output.Run(nn.functional.gelu(intermediate.dense.call(middle)), middle).MoveToOuterDisposeScope();
        }
    }

    private sealed class AttentionPart : nn.Module
    {
        internal readonly SelfPart self;
        internal readonly OutputPart output;

        internal AttentionPart(SentenceEncoderSettings s) : base(nameof(AttentionPart))
        {
            self = new SelfPart(s);
            output = new OutputPart(s.Width, s.Width, s.Epsilon);
            RegisterComponents();
        }
    }

    private sealed class SelfPart : nn.Module
    {
        private readonly Projection query, key, value;
        private readonly int heads;

        internal SelfPart(SentenceEncoderSettings s) : base(nameof(SelfPart))
        {
            (query, key, value, heads) = (new Projection(s.Width, s.Width, bias: true), new Projection(s.Width, s.Width, bias: true), new Projection(s.Width, s.Width, bias: true), s.Heads);
            RegisterComponents();
        }

        internal Tensor Run(Tensor x, Tensor? mask) => Attention.Merge(Attention.Scaled(
            Attention.Split(query.call(x), heads), Attention.Split(key.call(x), heads), Attention.Split(value.call(x), heads), mask));
    }

    private sealed class DensePart : nn.Module
    {
        internal readonly Projection dense;

        internal DensePart(int inputs, int outputs) : base(nameof(DensePart))
        {
            dense = new Projection(inputs, outputs, bias: true);
            RegisterComponents();
        }
    }

    private sealed class OutputPart : nn.Module
    {
        private readonly Projection dense;
        private readonly LayerNorm LayerNorm;

        internal OutputPart(int inputs, int outputs, double epsilon) : base(nameof(OutputPart))
        {
            dense = new Projection(inputs, outputs, bias: true);
            LayerNorm = nn.LayerNorm(outputs, epsilon);
            RegisterComponents();
        }

        internal Tensor Run(Tensor x, Tensor residual) => LayerNorm.call(dense.call(x) + residual);
    }

    /// <summary>An encoder whose weights have no values yet.</summary>
    /// <param name="settings">null for all-MiniLM-L6-v2</param>
    public SentenceEncoder(SentenceEncoderSettings? settings = null) : base(nameof(SentenceEncoder))
    {
        this.settings = settings ?? new();
        if (this.settings.Heads < 1 || this.settings.Width % this.settings.Heads != 0)
        {
            throw new ArgumentException($"{this.settings.Heads} heads do not divide a width of {this.settings.Width}", nameof(settings));
        }
        embeddings = new Embeddings(this.settings);
        encoder = new Stack(this.settings);
        RegisterComponents();
    }

    /// <summary>The settings.</summary>
    public SentenceEncoderSettings Settings => settings;

    /// <summary>Output of the last layer (B, T, D).</summary>
    /// <param name="pieces">(B, T), int64</param>
    /// <param name="lengths">valid pieces of each row, (B), int64</param>
    public override Tensor forward(Tensor pieces, Tensor lengths)
    {
        using var scope = NewDisposeScope();
        var length = pieces.shape[1];
        var x = embeddings.word_embeddings.call(pieces) + embeddings.position_embeddings.Weight.narrow(0, 0, length) + embeddings.token_type_embeddings.Weight.select(0, 0);
        x = embeddings.LayerNorm.call(x);
        var padded = arange(0, length).unsqueeze(0).ge(lengths.unsqueeze(1));  // (B, T)
        var mask = zeros(padded.shape).masked_fill(padded, float.NegativeInfinity).unsqueeze(1).unsqueeze(1);
        foreach (var layer in encoder.layer)
        {
            x = layer.Run(x, mask);
        }
        return x.MoveToOuterDisposeScope();
    }

    /// <summary>Unit vectors (B, D) of texts: mean of the outputs over all pieces, the marks counted, and L2 norm 1; no gradient.</summary>
    /// <param name="tokenizer">a tokenizer of the encoder's vocabulary; WordPiece for the published weights</param>
    /// <param name="texts">the texts</param>
    public Tensor Encode(Tokenizer tokenizer, IReadOnlyList<string> texts)
    {
        using var none = no_grad();
        return Vectors(tokenizer, texts);
    }

    /// <summary>As <see cref="Encode"/>, with a gradient: what a training of the encoder compares.</summary>
    public Tensor Vectors(Tokenizer tokenizer, IReadOnlyList<string> texts)
    {
        using var scope = NewDisposeScope();
        var rows = texts.Select(tokenizer.EncodeMarked).Select(ids => ids.Length <= settings.MaxLength ? ids : [.. ids[..(settings.MaxLength - 1)], tokenizer.EndId]).ToArray();
        var longest = rows.Max(r => r.Length);
        var pieces = tensor([.. rows.SelectMany(r => r.Concat(Enumerable.Repeat(tokenizer.PaddingId, longest - r.Length))).Select(i => (long)i)], [rows.Length, longest]);
        var lengths = tensor([.. rows.Select(r => (long)r.Length)]);
        var valid = arange(0, longest).unsqueeze(0).lt(lengths.unsqueeze(1)).to(float32).unsqueeze(-1);  // (B, T, 1)
        var mean = (call(pieces, lengths) * valid).sum(1) / lengths.unsqueeze(1);
        return (mean / mean.norm(1, true).clamp_min(1e-12)).MoveToOuterDisposeScope();
    }

    /// <summary>Reads a folder as published for all-MiniLM-L6-v2: config.json, vocab.txt, model.safetensors or pytorch_model.bin.</summary>
    /// <exception cref="BadInputException">A file cannot be read, describes another kind of model, or does not fit.</exception>
    public static (SentenceEncoder Encoder, WordPieceTokenizer Tokenizer) Load(string folder)
    {
        var config = Path.Combine(folder, "config.json");
        SentenceEncoderSettings settings;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(config));
            var root = document.RootElement;
            int Number(string name) => JsonLines.Number(JsonLines.Member(root, name), name);
            if (JsonLines.Text(root, "model_type") != "bert" || (JsonLines.Find(root, "hidden_act") is { ValueKind: JsonValueKind.String } act && act.GetString() != "gelu"))
            {
                throw new FormatException("expected model_type \"bert\" with hidden_act \"gelu\"");
            }
            settings = new SentenceEncoderSettings
            {
                Vocabulary = Number("vocab_size"),
                Width = Number("hidden_size"),
                Depth = Number("num_hidden_layers"),
                Heads = Number("num_attention_heads"),
                Hidden = Number("intermediate_size"),
                Positions = Number("max_position_embeddings"),
                MaxLength = Math.Min(256, Number("max_position_embeddings")),
                Epsilon = JsonLines.Find(root, "layer_norm_eps") is { ValueKind: JsonValueKind.Number } epsilon ? epsilon.GetDouble() : 1e-12,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException or InvalidOperationException)
        {
            throw new BadInputException(config, "", $"is no config of a BERT encoder: {e.Message}", e);
        }
        var tokenizer = WordPieceTokenizer.Load(Path.Combine(folder, "vocab.txt"));
        if (tokenizer.Count != settings.Vocabulary)
        {
            throw new BadInputException(Path.Combine(folder, "vocab.txt"), "", $"has {tokenizer.Count} tokens, and the model {settings.Vocabulary}");
        }
        var path = new[] { "model.safetensors", "pytorch_model.bin" }.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists)
            ?? throw new BadInputException(folder, "", "holds no model.safetensors and no pytorch_model.bin");
        var encoder = new SentenceEncoder(settings);
        using var scope = NewDisposeScope();
        var weights = Weights.Read(path).ToDictionary(w => w.Key.StartsWith("bert.", StringComparison.Ordinal) ? w.Key[5..] : w.Key, w => w.Value);
        foreach (var unused in weights.Keys.Where(k => k.StartsWith("pooler.", StringComparison.Ordinal) || k.EndsWith("position_ids", StringComparison.Ordinal)).ToArray())
        {
            weights.Remove(unused);
        }
        Weights.Load(encoder, weights, strict: true, path);
        encoder.eval();
        return (encoder, tokenizer);
    }
}
