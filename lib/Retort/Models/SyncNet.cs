using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// SyncNet (Chung and Zisserman, 2016; 13,631,616 parameters), the judge behind LSE-D and LSE-C: sound and lips of 0.2 s to 1024
/// numbers each. Its keys are the published model's.
/// </summary>
public sealed class SyncNet : nn.Module
{
    private readonly Sequential netcnnaud;
    private readonly Sequential netfcaud;
    private readonly Sequential netfclip;
    private readonly Sequential netcnnlip;

    /// <summary>A network with PyTorch's fresh weights; load a checkpoint before use.</summary>
    public SyncNet() : base(nameof(SyncNet))
    {
        netcnnaud = nn.Sequential(
            nn.Conv2d(1, 64, 3, padding: 1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(1, 1),
            nn.Conv2d(64, 192, 3, padding: 1), nn.BatchNorm2d(192), nn.ReLU(), nn.MaxPool2d((3, 3), (1, 2)),
            nn.Conv2d(192, 384, 3, padding: 1), nn.BatchNorm2d(384), nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding: 1), nn.BatchNorm2d(256), nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding: 1), nn.BatchNorm2d(256), nn.ReLU(), nn.MaxPool2d((3, 3), (2, 2)),
            nn.Conv2d(256, 512, (5, 4)), nn.BatchNorm2d(512), nn.ReLU());
        netfcaud = Head();
        netfclip = Head();
        netcnnlip = nn.Sequential(
            nn.Conv3d(3, 96, (5, 7, 7), (1, 2, 2)), nn.BatchNorm3d(96), nn.ReLU(), nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            nn.Conv3d(96, 256, (1, 5, 5), (1, 2, 2), (0, 1, 1)), nn.BatchNorm3d(256), nn.ReLU(), nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            nn.Conv3d(256, 256, (1, 3, 3), (1, 1, 1), (0, 1, 1)), nn.BatchNorm3d(256), nn.ReLU(),
            nn.Conv3d(256, 256, (1, 3, 3), (1, 1, 1), (0, 1, 1)), nn.BatchNorm3d(256), nn.ReLU(),
            nn.Conv3d(256, 256, (1, 3, 3), (1, 1, 1), (0, 1, 1)), nn.BatchNorm3d(256), nn.ReLU(), nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            nn.Conv3d(256, 512, (1, 6, 6)), nn.BatchNorm3d(512), nn.ReLU());
        RegisterComponents();
        this.OutliveScopes();
    }

    /// <summary>Embeddings (N, 1024) of 20 frames of 13 MFCCs at 100 Hz, (N, 1, 13, 20).</summary>
    public Tensor Audio(Tensor mfcc)
    {
        using var scope = NewDisposeScope();
        return netfcaud.call(netcnnaud.call(mfcc).flatten(1)).MoveToOuterDisposeScope();
    }

    /// <summary>Embeddings (N, 1024) of five pictures, (N, 3 in the order blue, green, red, 5, 224, 224) in 0..255.</summary>
    public Tensor Lips(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        return netfclip.call(LipFeatures(pictures)).MoveToOuterDisposeScope();
    }

    /// <summary>What the convolutions give, (N, 512), before the last layers.</summary>
    public Tensor LipFeatures(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        return netcnnlip.call(pictures).flatten(1).MoveToOuterDisposeScope();
    }

    private static Sequential Head() => nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 1024));
}
