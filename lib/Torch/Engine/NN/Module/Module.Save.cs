// A module's state in a file of TorchSharp's own format.

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            /// <summary>Saves parameters and persistent buffers, but for those whose keys are in <paramref name="skip"/>.</summary>
            public Module save(string location, IList<string>? skip = null)
            {
                using var stream = File.Create(location);
                return save(stream, skip);
            }

            public Module save(Stream stream, IList<string>? skip = null)
            {
                using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
                return save(writer, skip);
            }

            public Module save(BinaryWriter writer, IList<string>? skip = null)
            {
                save_state_dict(writer, state_dict(), skip);
                return this;
            }

            public static void save_state_dict(BinaryWriter writer, Dictionary<string, Tensor> sd, IList<string>? skip = null)
            {
                var kept = sd.Where(entry => skip is null || !skip.Contains(entry.Key)).ToList();
                SaveFormat.Encode(writer, kept.Count);
                foreach (var (key, tensor) in kept)
                {
                    writer.Write(key);
                    SaveFormat.Write(writer, tensor);
                }
            }

            /// <summary>
            /// Loads what TorchSharp or this engine saved. With <paramref name="strict"/> the file must have the module's keys, all
            /// and no other; else what fits is loaded and the rest left alone. Keys in <paramref name="skip"/> are read past.
            /// </summary>
            /// <param name="location">the file</param>
            /// <param name="strict">whether the keys must be the same</param>
            /// <param name="skip">keys that are not loaded</param>
            /// <param name="loadedParameters">is given the keys in the file, and whether the module has them</param>
            /// <exception cref="ArgumentException">Other keys, or a tensor of another type or shape.</exception>
            /// <exception cref="InvalidDataException">The file has another format.</exception>
            public virtual Module load(string location, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                if (!File.Exists(location))
                {
                    throw new FileNotFoundException($"there is no file {location}", location);
                }
                using var stream = File.OpenRead(location);
                return load(stream, strict, skip, loadedParameters);
            }

            public Module load(Stream stream, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                using var reader = new BinaryReader(stream, System.Text.Encoding.UTF8, leaveOpen: true);
                return load(reader, strict, skip, loadedParameters);
            }

            public virtual Module load(BinaryReader reader, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                var own = state_dict();
                var entries = SaveFormat.Decode(reader);
                if (strict && entries != own.Count)
                {
                    throw new ArgumentException($"Mismatched state_dict sizes: expected {own.Count}, but found {entries} entries.");
                }
                for (var i = 0L; i < entries; i++)
                {
                    var key = reader.ReadString();
                    var found = own.TryGetValue(key, out var tensor);
                    if (strict && !found)
                    {
                        throw new ArgumentException($"Mismatched module state names: the target modules does not have a submodule or buffer named '{key}'");
                    }
                    SaveFormat.ReadInto(reader, tensor!, skip: !found || skip?.Contains(key) == true);
                    loadedParameters?.Add(key, found);
                }
                return this;
            }

            /// <summary>A module of this type with the state that the file holds.</summary>
            public static Module Create<T>(string path) where T : Module, new() => new T().load(path);
        }
    }
}
