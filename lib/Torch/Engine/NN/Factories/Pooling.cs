// Pooling modules. A factory bears its module's name.

using static TorchSharp.Sizes;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static Modules.AdaptiveAvgPool1d AdaptiveAvgPool1d(long output_size) => new(output_size);

        public static Modules.AdaptiveAvgPool2d AdaptiveAvgPool2d(long[] output_size) => new(Two(output_size));

        public static Modules.AdaptiveAvgPool2d AdaptiveAvgPool2d((long, long) output_size) => new(Two(output_size));

        public static Modules.AdaptiveAvgPool2d AdaptiveAvgPool2d(long output_size) => new(Two(output_size));

        public static Modules.AdaptiveAvgPool3d AdaptiveAvgPool3d(long[] output_size) => new(Three(output_size));

        public static Modules.AdaptiveAvgPool3d AdaptiveAvgPool3d((long, long, long) output_size) => new(Three(output_size));

        public static Modules.AdaptiveAvgPool3d AdaptiveAvgPool3d(long output_size) => new(Three(output_size));

        public static Modules.AdaptiveMaxPool1d AdaptiveMaxPool1d(long output_size) => new(output_size);

        public static Modules.AdaptiveMaxPool2d AdaptiveMaxPool2d(long[] output_size) => new(Two(output_size));

        public static Modules.AdaptiveMaxPool3d AdaptiveMaxPool3d(long[] output_size) => new(Three(output_size));

        public static Modules.AvgPool1d AvgPool1d(long kernel_size, long? stride = null, long padding = 0, bool ceil_mode = false, bool count_include_pad = true) => new(kernel_size, stride, padding, ceil_mode, count_include_pad);

        public static Modules.AvgPool2d AvgPool2d(long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) => new(Two(kernel_size), Two(stride), Two(padding), ceil_mode, count_include_pad, divisor_override);

        public static Modules.AvgPool2d AvgPool2d((long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) => new(Two(kernel_size), Two(stride), Two(padding), ceil_mode, count_include_pad, divisor_override);

        public static Modules.AvgPool2d AvgPool2d(long kernel_size, long? stride = null, long? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) => new(Two(kernel_size), Two(stride), Two(padding), ceil_mode, count_include_pad, divisor_override);

        public static Modules.AvgPool3d AvgPool3d(long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) => new(Three(kernel_size), Three(stride), Three(padding), ceil_mode, count_include_pad, divisor_override);

        public static Modules.AvgPool3d AvgPool3d((long, long, long) kernel_size, (long, long, long)? stride = null, (long, long, long)? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) => new(Three(kernel_size), Three(stride), Three(padding), ceil_mode, count_include_pad, divisor_override);

        public static Modules.AvgPool3d AvgPool3d(long kernel_size, long? stride = null, long? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null) => new(Three(kernel_size), Three(stride), Three(padding), ceil_mode, count_include_pad, divisor_override);

        public static Modules.LPPool1d LPPool1d(double norm_type, long kernel_size, long? stride = null, bool ceil_mode = false) => new(norm_type, kernel_size, stride, ceil_mode);

        public static Modules.LPPool2d LPPool2d(double norm_type, long[] kernel_size, long[]? stride = null, bool ceil_mode = false) => new(norm_type, Two(kernel_size), Two(stride), ceil_mode);

        public static Modules.LPPool2d LPPool2d(double norm_type, long kernel_size, long? stride = null, bool ceil_mode = false) => new(norm_type, Two(kernel_size), Two(stride), ceil_mode);

        public static Modules.MaxPool1d MaxPool1d(long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) => new(kernel_size, stride, padding, dilation, ceil_mode);

        public static Modules.MaxPool2d MaxPool2d(long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) => new(Two(kernel_size), Two(stride), Two(padding), Two(dilation), ceil_mode);

        public static Modules.MaxPool2d MaxPool2d((long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null, (long, long)? dilation = null, bool ceil_mode = false) => new(Two(kernel_size), Two(stride), Two(padding), Two(dilation), ceil_mode);

        public static Modules.MaxPool2d MaxPool2d(long[] kernel_size, long[]? stride = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) => new(Two(kernel_size), Two(stride), Two(padding), Two(dilation), ceil_mode);

        public static Modules.MaxPool3d MaxPool3d(long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) => new(Three(kernel_size), Three(stride), Three(padding), Three(dilation), ceil_mode);

        public static Modules.MaxPool3d MaxPool3d((long, long, long) kernel_size, (long, long, long)? stride = null, (long, long, long)? padding = null, (long, long, long)? dilation = null, bool ceil_mode = false) => new(Three(kernel_size), Three(stride), Three(padding), Three(dilation), ceil_mode);

        public static Modules.MaxPool3d MaxPool3d(long[] kernel_size, long[]? stride = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false) => new(Three(kernel_size), Three(stride), Three(padding), Three(dilation), ceil_mode);

        public static Modules.MaxUnpool1d MaxUnpool1d(long kernel_size, long? stride = null, long? padding = null) => new(kernel_size, stride, padding);

        public static Modules.MaxUnpool2d MaxUnpool2d(long kernel_size, long? stride = null, long? padding = null) => new(Two(kernel_size), Two(stride), Two(padding));

        public static Modules.MaxUnpool2d MaxUnpool2d((long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null) => new(Two(kernel_size), Two(stride), Two(padding));

        public static Modules.MaxUnpool2d MaxUnpool2d(long[] kernel_size, long[]? stride = null, long[]? padding = null) => new(Two(kernel_size), Two(stride), Two(padding));

        public static Modules.MaxUnpool3d MaxUnpool3d(long kernel_size, long? stride = null, long? padding = null) => new(Three(kernel_size), Three(stride), Three(padding));

        public static Modules.MaxUnpool3d MaxUnpool3d((long, long, long) kernel_size, (long, long, long)? stride = null, (long, long, long)? padding = null) => new(Three(kernel_size), Three(stride), Three(padding));

        public static Modules.MaxUnpool3d MaxUnpool3d(long[] kernel_size, long[]? stride = null, long[]? padding = null) => new(Three(kernel_size), Three(stride), Three(padding));
    }
}
