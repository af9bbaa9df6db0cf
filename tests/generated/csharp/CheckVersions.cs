// Old and new version of one protocol in C#: each reads what the other sends, for every vector of
// both. tests/codegen/test_versions.py does it for Python.
//
//   mono CheckVersions.exe old/vectors.json now/vectors.json
//
// Exit status 1 and one line for each disagreement.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using Portcullis.Pcwire;

static class CheckVersions
{
    private const int OldVersion = 1;
    private static readonly List<string> Failures = new List<string>();
    private static readonly Dictionary<ushort, Type> Old = Packets("Portcullis.Old.");
    private static readonly Dictionary<ushort, Type> Now = Packets("Portcullis.Now.");
    private static int cases;

    private static Dictionary<ushort, Type> Packets(string space)
    {
        return Assembly.GetExecutingAssembly().GetTypes()
            .Where(type => type.FullName.StartsWith(space, StringComparison.Ordinal))
            .Where(type => typeof(IPacket).IsAssignableFrom(type))
            .ToDictionary(type => ((IPacket)Activator.CreateInstance(type)).Id);
    }

    private static void Check(bool good, string what)
    {
        if (!good)
        {
            Failures.Add(what);
        }
    }

    private static byte[] Bytes(string hex)
    {
        return Enumerable.Range(0, hex.Length / 2)
            .Select(i => Convert.ToByte(hex.Substring(2 * i, 2), 16)).ToArray();
    }

    private static IEnumerable<Dictionary<string, object>> Maps(object list)
    {
        return ((List<object>)list).Cast<Dictionary<string, object>>();
    }

    private static IEnumerable<Dictionary<string, object>> Load(string file)
    {
        var root = (Dictionary<string, object>)Json.Parse(File.ReadAllText(file));
        return Maps(Maps(root["protocols"]).Single()["packets"]);
    }

    private static IPacket Read(Dictionary<ushort, Type> side, ushort id, byte[] payload,
                                string what)
    {
        var packet = (IPacket)Activator.CreateInstance(side[id]);
        WireError error = packet.Decode(payload);
        Check(error == WireError.OK, $"{what}: {error}");
        return packet;
    }

    /// <summary>The payload that it sends.</summary>
    private static byte[] Sent(IPacket packet, int version = 65535)
    {
        var frame = new byte[Frame.SIZE_LIMIT];
        WireError error = packet.Encode(frame, out int size, version);
        Check(error == WireError.OK, $"{packet.GetType()} at {version}: {error}");
        return frame.Skip(Frame.HEADER_SIZE).Take(size - Frame.HEADER_SIZE).ToArray();
    }

    /// <summary>The new side reads the old one and answers in its bytes.</summary>
    private static void CheckOld(ushort id, byte[] payload, string what)
    {
        byte[] answer = Sent(Read(Now, id, payload, what), OldVersion);
        Check(Sent(Read(Old, id, answer, what)).SequenceEqual(payload), $"{what}: bytes");
    }

    /// <summary>The old side reads what the new one sends at its version.</summary>
    private static void CheckNow(ushort id, byte[] payload, string what)
    {
        byte[] said = Sent(Read(Now, id, payload, what), OldVersion);
        byte[] read = Sent(Read(Old, id, said, what));
        byte[] again = Sent(Read(Now, id, read, what), OldVersion);
        Check(Sent(Read(Old, id, again, what)).SequenceEqual(read), $"{what}: there and back");
    }

    /// <summary>The newest frame is refused or its tail skipped, but never misread.</summary>
    private static void CheckNewest(ushort id, byte[] payload, bool skips, string what)
    {
        IPacket newest = Read(Now, id, payload, what);
        byte[] all = Sent(newest), known = Sent(newest, OldVersion);
        if (!all.SequenceEqual(known) && !skips)
        {
            WireError error = ((IPacket)Activator.CreateInstance(Old[id])).Decode(all);
            Check(error == WireError.TRAILING, $"{what}, newest: {error}");
            return;
        }
        Check(Sent(Read(Old, id, all, what)).SequenceEqual(Sent(Read(Old, id, known, what))),
              $"{what}, newest: values");
    }

    private static void CheckPacket(Dictionary<string, object> packet, bool isNew)
    {
        var name = (string)packet["name"];
        ushort id = ushort.Parse(((Json.Word)packet["id"]).Text);
        if (!Old.ContainsKey(id))
        {
            return;
        }
        foreach (var item in Maps(packet["accept"]))
        {
            byte[] payload = Bytes((string)item["payload"]);
            string what = $"{name}, {item["name"]}";
            if (isNew)
            {
                CheckNow(id, payload, what);
                CheckNewest(id, payload, name == "ticked", what);
                cases++;
            }
            else if (!item.ContainsKey("encoded")) // else another newer version's
            {
                CheckOld(id, payload, what);
                cases++;
            }
        }
    }

    private static int Main(string[] arguments)
    {
        Load(arguments[0]).ToList().ForEach(packet => CheckPacket(packet, false));
        Load(arguments[1]).ToList().ForEach(packet => CheckPacket(packet, true));
        Failures.Take(50).ToList().ForEach(Console.WriteLine);
        Console.WriteLine($"{cases} cases, {Failures.Count} failures");
        return Failures.Count == 0 && cases > 0 ? 0 : 1;
    }
}
