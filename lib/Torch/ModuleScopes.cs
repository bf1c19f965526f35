using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>Modules and dispose scopes.</summary>
public static class ModuleScopes
{
    /// <summary>
    /// Takes the module's parameters and buffers, and those of all modules below it, out of whatever dispose scope they were
    /// made in: from now on only the module's own Dispose frees them. TorchSharp registers a tensor without doing so; a
    /// constructor that makes parameters or buffers of its own ends with this call, after RegisterComponents.
    /// </summary>
    /// <returns>the module</returns>
    public static T OutliveScopes<T>(this T module) where T : nn.Module
    {
        foreach (var parameter in module.parameters()) parameter.DetachFromDisposeScope();
        foreach (var buffer in module.buffers()) buffer.DetachFromDisposeScope();
        return module;
    }
}
