// Generated C# against the vectors that the C, Python and TypeScript codecs pass too, and a count
// of the garbage that it makes.
//
//   mono CheckVectors.exe vectors.json
//
// Exit status 1 and one line for each disagreement.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Reflection;
using System.Text;
using Portcullis.Pcwire;

static class CheckVectors
{
    private const int Rounds = 300;
    private static readonly List<string> Failures = new List<string>();
    private static int checks;
    private static int cases;

    private static void Check(bool good, string what)
    {
        checks++;
        if (!good)
        {
            Failures.Add(what);
        }
    }

    private static string Hex(ReadOnlySpan<byte> bytes)
    {
        return BitConverter.ToString(bytes.ToArray()).Replace("-", "").ToLowerInvariant();
    }

    private static byte[] Bytes(object hex)
    {
        var text = (string)hex;
        var bytes = new byte[text.Length / 2];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = Convert.ToByte(text.Substring(2 * i, 2), 16);
        }
        return bytes;
    }

    // ---- values: codegen/README.md says how the vectors write them ----

    private static string Bare(string name)
    {
        return name.Replace("_", "").ToLowerInvariant();
    }

    /// <summary>Integers that are no number of JSON's come as text.</summary>
    private static bool SameNumber(object actual, string word)
    {
        if (actual is bool)
        {
            return word == ((bool)actual ? "true" : "false");
        }
        if (actual is float || actual is double)
        {
            double wanted = double.Parse(word, CultureInfo.InvariantCulture);
            double value = Convert.ToDouble(actual, CultureInfo.InvariantCulture);
            bool isNegative = BitConverter.DoubleToInt64Bits(value) < 0;
            return value == wanted && isNegative == word.StartsWith("-");
        }
        object number = actual is Enum
            ? Convert.ChangeType(actual, Enum.GetUnderlyingType(actual.GetType()))
            : actual;
        return BigInteger.Parse(word)
            == BigInteger.Parse(Convert.ToString(number, CultureInfo.InvariantCulture));
    }

    private static IEnumerable<object> Items(object list)
    {
        if (list is Array)
        {
            return ((Array)list).Cast<object>();
        }
        var type = list.GetType();
        int count = (int)type.GetProperty("Count").GetValue(list);
        if (type.GetGenericTypeDefinition() == typeof(ValueList<>))
        {
            const BindingFlags inner = BindingFlags.Instance | BindingFlags.NonPublic;
            var items = (Array)type.GetField("items", inner).GetValue(list);
            return items.Cast<object>().Take(count);
        }
        return Enumerable.Range(0, count).Select(
            i => type.GetProperty("Item").GetValue(list, new object[] { i }));
    }

    private static bool Same(object actual, object expected)
    {
        if (actual is Utf8Text)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes((string)expected);
            return ((Utf8Text)actual).AsSpan().SequenceEqual(utf8);
        }
        if (actual is Array || actual.GetType().IsGenericType)
        {
            return SameItems(actual, expected);
        }
        if (expected is Dictionary<string, object>)
        {
            return SameMembers(actual, (Dictionary<string, object>)expected);
        }
        return SameNumber(actual, expected as string ?? ((Json.Word)expected).Text);
    }

    private static bool SameItems(object actual, object expected)
    {
        if (expected is string)
        {
            return Hex(Items(actual).Cast<byte>().ToArray()) == (string)expected;
        }
        var items = Items(actual).ToList();
        var wanted = (List<object>)expected;
        return items.Count == wanted.Count && items.Zip(wanted, Same).All(same => same);
    }

    private static FieldInfo Member(Type type, string name)
    {
        return type.GetFields(BindingFlags.Public | BindingFlags.Instance)
            .FirstOrDefault(field => Bare(field.Name) == Bare(name));
    }

    private static bool SameMembers(object actual, Dictionary<string, object> wanted)
    {
        Type type = actual.GetType();
        FieldInfo tag = Member(type, "tag");
        if (wanted.ContainsKey("case") && tag != null && tag.FieldType.Name == type.Name + "Tag")
        {
            return SameCase(actual, tag.GetValue(actual), wanted);
        }
        int met = 0;
        foreach (var pair in wanted)
        {
            string has = "Has" + string.Concat(pair.Key.Split('_').Select(
                part => char.ToUpperInvariant(part[0]) + part.Substring(1)));
            FieldInfo presence = type.GetField(has == type.Name ? has + "_" : has);
            bool there = presence == null || (bool)presence.GetValue(actual);
            met += presence == null ? 1 : 2;
            if (there != (pair.Value != null)
                || (there && !Same(Member(type, pair.Key).GetValue(actual), pair.Value)))
            {
                return false;
            }
        }
        return met == type.GetFields(BindingFlags.Public | BindingFlags.Instance).Length;
    }

    private static bool SameCase(object actual, object tag, Dictionary<string, object> wanted)
    {
        string name = (string)wanted["case"] ?? "unknown";
        object number = name == "unknown"
            ? Member(actual.GetType(), "unknown_tag").GetValue(actual)
            : tag;
        FieldInfo member = Member(actual.GetType(), name);
        bool same = member == null
            ? wanted["value"] == null
            : Same(member.GetValue(actual), wanted["value"]);
        return same && Bare(tag.ToString()) == Bare(name)
            && SameNumber(number, ((Json.Word)wanted["tag"]).Text);
    }

    // ---- packets ----

    private sealed class Entry
    {
        public string Name;
        public Type Type;
        public Dictionary<string, object> Vectors;

        public IPacket New()
        {
            return (IPacket)Activator.CreateInstance(Type);
        }

        public int Constant(string name)
        {
            return Convert.ToInt32(Type.GetField(name).GetValue(null));
        }

        public IEnumerable<Dictionary<string, object>> List(string name)
        {
            return Maps(Vectors[name]);
        }
    }

    private static IEnumerable<Dictionary<string, object>> Maps(object list)
    {
        return ((List<object>)list).Cast<Dictionary<string, object>>();
    }

    private static int Number(object word)
    {
        return int.Parse(((Json.Word)word).Text);
    }

    private static List<Entry> Load(string file)
    {
        var types = Assembly.GetExecutingAssembly().GetTypes()
            .Where(type => typeof(IPacket).IsAssignableFrom(type) && !type.IsInterface)
            .ToDictionary(type => Convert.ToInt32(type.GetField("PacketId").GetValue(null)));
        var root = (Dictionary<string, object>)Json.Parse(File.ReadAllText(file));
        Check(Number(root["format"]) == 1, "format");
        return Maps(root["protocols"]).SelectMany(protocol => Maps(protocol["packets"]))
            .Select(packet => new Entry
            {
                Name = (string)packet["name"],
                Type = types[Number(packet["id"])],
                Vectors = packet,
            }).ToList();
    }

    private static void CheckAccept(Entry entry, Dictionary<string, object> item)
    {
        cases++;
        string name = $"{entry.Name}, {item["name"]}";
        IPacket packet = entry.New();
        WireError error = packet.Decode(Bytes(item["payload"]));
        Check(error == WireError.OK, $"{name}: refused: {error}");
        Check(Same(packet, item["value"]), $"{name}: values");
        CheckBytes(packet, name, item.ContainsKey("encoded") ? item["encoded"] : item["payload"]);
        if (item.ContainsKey("version"))
        {
            CheckBytes(packet, $"{name}: version", item["payload"], Number(item["version"]));
        }
        CheckCuts(entry, name, item);
    }

    private static void CheckBytes(IPacket packet, string name, object wanted, int version = 65535)
    {
        var buffer = new byte[((string)wanted).Length / 2 + 4];
        WireError error = packet.Encode(buffer, out int size, version);
        Check(error == WireError.OK && size == buffer.Length, $"{name}: not encoded: {error}");
        error = Frame.Split(buffer, out ushort id, out ReadOnlySpan<byte> inside);
        Check(error == WireError.OK && id == packet.Id, $"{name}: header");
        Check(Hex(inside) == (string)wanted, $"{name}: bytes");
        error = packet.Encode(new Span<byte>(buffer, 0, buffer.Length - 1), out size, version);
        Check(error == WireError.SIZE && size == 0, $"{name}: a buffer that is too small");
    }

    /// <summary>The packet is used again, so what an older payload leaves out must come back.
    /// </summary>
    private static void CheckCuts(Entry entry, string name, Dictionary<string, object> item)
    {
        if (!item.ContainsKey("cuts"))
        {
            return;
        }
        byte[] payload = Bytes(item["payload"]);
        var cuts = new HashSet<int>(((List<object>)item["cuts"]).Select(Number));
        IPacket used = entry.New();
        for (int size = 0; size < payload.Length; size++)
        {
            used.Decode(payload);
            WireError error = used.Decode(new ReadOnlySpan<byte>(payload, 0, size));
            WireError wanted = cuts.Contains(size) ? WireError.OK : WireError.TRUNCATED;
            Check(error == wanted, $"{name} cut at {size}: {error}, not {wanted}");
            if (error == WireError.OK)
            {
                IPacket fresh = entry.New();
                fresh.Decode(new ReadOnlySpan<byte>(payload, 0, size));
                Check(Encoded(used) == Encoded(fresh), $"{name} cut at {size}: defaults");
            }
        }
    }

    private static string Encoded(IPacket packet)
    {
        var buffer = new byte[Frame.SIZE_LIMIT];
        packet.Encode(buffer, out int size);
        return Hex(new ReadOnlySpan<byte>(buffer, 0, size));
    }

    /// <summary>A number between two steps, in the field that the name begins with.</summary>
    private static void CheckEncode(Entry entry, Dictionary<string, object> item)
    {
        cases++;
        string key = ((string)item["name"]).Split(':')[0];
        IPacket packet = entry.New();
        packet.Decode(Bytes(item["payload"]));
        FieldInfo field = Member(entry.Type, key);
        var word = (Json.Word)((Dictionary<string, object>)item["value"])[key];
        double number = double.Parse(word.Text, CultureInfo.InvariantCulture);
        field.SetValue(packet, Convert.ChangeType(number, field.FieldType));
        CheckBytes(packet, $"{entry.Name}, {item["name"]}", item["payload"]);
    }

    private static void CheckReject(Entry entry, Dictionary<string, object> item)
    {
        cases++;
        string said = Frame.NameOf(entry.New().Decode(Bytes(item["payload"])));
        Check(said == (string)item["reason"],
              $"{entry.Name}, {item["name"]}: {said}, not {item["reason"]}");
    }

    private static byte[] FrameOf(Entry entry, byte[] payload)
    {
        int size = payload.Length + 4, id = entry.Constant("PacketId");
        return new[] { (byte)size, (byte)(size >> 8), (byte)id, (byte)(id >> 8) }
            .Concat(payload).ToArray();
    }

    // ---- a connection ----

    private static void CheckStream(List<byte[]> frames)
    {
        byte[] all = frames.SelectMany(frame => frame).ToArray();
        var stream = new FrameStream(frames.Max(frame => frame.Length));
        int found = 0;
        bool same = true;
        for (int at = 0, size = 1; at < all.Length; at += size, size = size * 7 % 4099)
        {
            ReadOnlySpan<byte> bytes =
                new ReadOnlySpan<byte>(all, at, Math.Min(size, all.Length - at));
            while (stream.TryNext(ref bytes, out ReadOnlySpan<byte> frame))
            {
                same &= frame.SequenceEqual(frames[found]);
                found++;
            }
        }
        Check(same && found == frames.Count && stream.Error == WireError.OK, "stream");
        foreach (string bad in new[] { "0900010000", "03000100" })
        {
            var small = new FrameStream(8);
            ReadOnlySpan<byte> bytes = Bytes(bad);
            Check(!small.TryNext(ref bytes, out _) && small.Error == WireError.SIZE,
                  $"stream: {bad}");
            small = new FrameStream(8);
            for (int i = 0; i < 4; i++)
            {
                bytes = new ReadOnlySpan<byte>(Bytes(bad), i, 1);
                Check(!small.TryNext(ref bytes, out _), $"stream: {bad}");
            }
            Check(small.Error == WireError.SIZE, $"stream: {bad}");
        }
    }

    /// <summary>After the first rounds all lists have grown; from then on nothing may allocate.
    /// </summary>
    private static void CheckGarbage(List<Entry> entries, List<byte[]> frames)
    {
        var packets = entries.ToDictionary(entry => entry.New().Id, entry => entry.New());
        byte[] all = frames.SelectMany(frame => frame).ToArray();
        var stream = new FrameStream();
        var buffer = new byte[65535];
        for (int i = 0; i < 3; i++)
        {
            RoundTrip(packets, stream, all, buffer);
        }
        GC.Collect();
        int collections = GC.CollectionCount(0);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long bytes = 0;
        for (int i = 0; i < Rounds; i++)
        {
            bytes += RoundTrip(packets, stream, all, buffer);
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Check(bytes >= (long)Rounds * frames.Count * 4, $"garbage: {bytes} bytes went round");
        Check(GC.CollectionCount(0) == collections, "garbage: it was collected");
        Check(allocated == 0, $"garbage: {allocated} bytes in {Rounds} rounds");
    }

    private static int RoundTrip(Dictionary<ushort, IPacket> packets, FrameStream stream,
                                 byte[] all, byte[] buffer)
    {
        int bytes = 0;
        ReadOnlySpan<byte> rest = all;
        while (stream.TryNext(ref rest, out ReadOnlySpan<byte> frame))
        {
            Frame.Split(frame, out ushort id, out ReadOnlySpan<byte> payload);
            IPacket packet = packets[id];
            if (packet.Decode(payload) == WireError.OK
                && packet.Encode(buffer, out int size) == WireError.OK)
            {
                bytes += size;
            }
        }
        return bytes;
    }

    private static int Main(string[] arguments)
    {
        List<Entry> entries = Load(arguments[0]);
        var frames = new List<byte[]>();
        foreach (Entry entry in entries)
        {
            Check(entry.Constant("FrameMin") == Number(entry.Vectors["frame_min"])
                      && entry.Constant("FrameMax") == Number(entry.Vectors["frame_max"]),
                  $"{entry.Name}: bounds");
            foreach (var item in entry.List("accept"))
            {
                CheckAccept(entry, item);
                frames.Add(FrameOf(entry, Bytes(item["payload"])));
            }
            entry.List("encode").ToList().ForEach(item => CheckEncode(entry, item));
            entry.List("reject").ToList().ForEach(item => CheckReject(entry, item));
        }
        CheckStream(frames);
        CheckGarbage(entries, frames);
        Failures.Take(50).ToList().ForEach(Console.WriteLine);
        Console.WriteLine($"{cases} cases, {checks} checks, {Failures.Count} failures");
        return Failures.Count == 0 && checks > 0 ? 0 : 1;
    }
}
