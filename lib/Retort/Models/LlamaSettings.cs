using Retort.Layers;

namespace Retort.Models;

/// <summary>The size of a LLaMA-family decoder. The defaults are LLaMA-2-7b, RobustGER's base model (paper, table 7).</summary>
public sealed record LlamaSettings
{
    /// <summary>Number of tokens, V.</summary>
    public int Vocabulary { get; init; } = 32_000;

    /// <summary>Width of a token, D.</summary>
    public int Width { get; init; } = 4096;

    /// <summary>Number of layers.</summary>
    public int Depth { get; init; } = 32;

    /// <summary>Query heads, H.</summary>
    public int Heads { get; init; } = 32;

    /// <summary>Key-value heads, G; divides the query heads.</summary>
    public int Groups { get; init; } = 32;

    /// <summary>Width of a head; 0 for width / heads.</summary>
    public int HeadWidth { get; init; }

    /// <summary>Width of the gated hidden layers.</summary>
    public int Hidden { get; init; } = 11_008;

    /// <summary>Most tokens of a sequence.</summary>
    public int Context { get; init; } = 4096;

    /// <summary>The base of the rotary positions.</summary>
    public double Theta { get; init; } = 10_000;

    /// <summary>How the positions are stretched (Llama 3.x); null for not.</summary>
    public RotaryScaling? Scaling { get; init; }

    /// <summary>Epsilon of the norms.</summary>
    public double Epsilon { get; init; } = 1e-5;

    /// <summary>Whether the output layer is the table of input embeddings.</summary>
    public bool Tied { get; init; }

    /// <summary>Whether attention's projections, to queries, keys and values and the one behind them, have a bias.</summary>
    public bool AttentionBias { get; init; }

    /// <summary>LLaMA-2-7b.</summary>
    public static LlamaSettings Llama2Of7b { get; } = new();

    /// <summary>LLaMA-2-13b.</summary>
    public static LlamaSettings Llama2Of13b { get; } = new() { Width = 5120, Depth = 40, Heads = 40, Groups = 40, Hidden = 13_824 };

    /// <summary>TinyLlama-1.1B.</summary>
    public static LlamaSettings TinyLlama { get; } = new() { Width = 2048, Depth = 22, Heads = 32, Groups = 4, Hidden = 5632, Context = 2048 };

    /// <summary>Llama-3.2-1B.</summary>
    public static LlamaSettings Llama32Of1b { get; } = new()
    {
        Vocabulary = 128_256,
        Width = 2048,
        Depth = 16,
        Heads = 32,
        Groups = 8,
        Hidden = 8192,
        Context = 131_072,
        Theta = 500_000,
        Tied = true,
        Scaling = new RotaryScaling(32, 1, 4, 8192),
    };

    /// <summary>Width of a head, h.</summary>
    public int Head => HeadWidth > 0 ? HeadWidth : Width / Math.Max(Heads, 1);

    /// <summary>Throws an <see cref="ArgumentException"/> that says which settings do not fit one another.</summary>
    public void Check()
    {
        if (Vocabulary < 1 || Width < 1 || Depth < 1 || Heads < 1 || Groups < 1 || Hidden < 1 || Context < 1 || HeadWidth < 0)
        {
            throw new ArgumentException($"vocabulary {Vocabulary}, width {Width}, depth {Depth}, heads {Heads}, groups {Groups}, hidden {Hidden}, context {Context}: each must be positive");
        }
        if (Heads % Groups != 0)
        {
            throw new ArgumentException($"{Groups} key-value heads do not divide {Heads} query heads");
        }
        if (HeadWidth == 0 && Width % Heads != 0 || Head % 2 != 0)
        {
            throw new ArgumentException($"{Heads} heads of width {Head} on tokens of width {Width}: expected heads of an even width that divide it");
        }
    }
}
