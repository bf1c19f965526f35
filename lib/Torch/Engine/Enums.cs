namespace TorchSharp;

/// <summary>c10::DeviceType, by the same numbers.</summary>
public enum DeviceType { CPU = 0, CUDA = 1, MKLDNN = 2, OPENGL = 3, OPENCL = 4, IDEEP = 5, HIP = 6, FPGA = 7, MSNPU = 8, XLA = 9, MPS = 13, META = 14 }

public enum FFTNormType { Backward = 0, Forward = 1, Ortho = 2 }

public enum PaddingModes { Zeros = 0, Reflect = 1, Replicate = 2, Circular = 3, Constant = 4 }

public enum Padding { Valid = 0, Same = 1 }

public enum Reduce { prod, mean, amax, amin }

public enum compute_mode { use_mm_for_euclid_dist_if_necessary, use_mm_for_euclid_dist, donot_use_mm_for_euclid_dist }

public enum indexing { xy, ij }

public enum layout { strided, sparse_coo }

public enum memory_format { contiguous_format, preserve_format, channels_last }

public enum Float32MatmulPrecision { highest, high, medium }

public enum DebugMode { @default, warn }

public static partial class torch
{
    /// <summary>c10::ScalarType, by the same numbers.</summary>
    public enum ScalarType : sbyte
    {
        Byte = 0, Int8 = 1, Int16 = 2, Int32 = 3, Int64 = 4, Float16 = 5, Float32 = 6, Float64 = 7,
        ComplexFloat32 = 9, ComplexFloat64 = 10, Bool = 11, QInt8 = 12, QUInt8 = 13, QInt32 = 14, BFloat16 = 15,
    }

    public enum RoundingMode { None, trunc, floor }
}
