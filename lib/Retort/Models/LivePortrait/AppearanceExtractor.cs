using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models.LivePortrait;

/// <summary>LivePortrait's F (836,224 parameters): a face (B, 3, 256, 256) in 0..1 to a volume of features (B, 32, 16, 64, 64).</summary>
public sealed class AppearanceExtractor : nn.Module<Tensor, Tensor>
{
    private const int Channels = 32, Depth = 16;
    private readonly Block2d first;
    private readonly ModuleList<Block2d> down_blocks;
    private readonly Conv2d second;
    private readonly Sequential resblocks_3d;

    /// <summary>A network whose weights are to be loaded.</summary>
    public AppearanceExtractor() : base(nameof(AppearanceExtractor))
    {
        first = new Block2d(3, 64);
        down_blocks = new ModuleList<Block2d>(new Block2d(64, 128, pool: true), new Block2d(128, 256, pool: true));
        second = nn.Conv2d(256, Channels * Depth, 1);
        resblocks_3d = nn.Sequential([.. Enumerable.Range(0, 6).Select(i => ($"3dr{i}", (nn.Module<Tensor, Tensor>)new Residual3d(Channels)))]);
        RegisterComponents();
        this.OutliveScopes();
    }

    /// <summary>(B, 3, 4 H, 4 W) to (B, 32, 16, H, W).</summary>
    public override Tensor forward(Tensor face)
    {
        using var scope = NewDisposeScope();
        var y = first.call(face);
        foreach (var block in down_blocks)
        {
            y = block.call(y);
        }
        y = second.call(y);
        return resblocks_3d.call(y.unflatten(1, Channels, Depth)).MoveToOuterDisposeScope();
    }
}
