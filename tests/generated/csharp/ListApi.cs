// Every member of the framework that the generated C# uses, one a line and sorted, so that a test
// can compare it with what .NET Standard 2.1 has: this program reads the code of its own methods.
//
//   mono ListApi.exe

using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;

static class ListApi
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic
        | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)).ToDictionary(code => code.Value);
    private static readonly SortedSet<string> Found = new SortedSet<string>(StringComparer.Ordinal);

    private static string NameOf(Type type)
    {
        Type plain = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        return $"{plain.Namespace}.{plain.Name}";
    }

    private static void Add(Type type)
    {
        while (type != null && type.HasElementType)
        {
            type = type.GetElementType();
        }
        if (type == null || type.IsGenericParameter)
        {
            return;
        }
        type.GetGenericArguments().ToList().ForEach(Add);
        if (type.Assembly != Assembly.GetExecutingAssembly())
        {
            Found.Add(NameOf(type));
        }
    }

    private static void Add(MemberInfo member)
    {
        if (member is Type)
        {
            Add((Type)member);
            return;
        }
        Add(member.DeclaringType);
        var method = member as MethodBase;
        if (member.DeclaringType.Assembly == Assembly.GetExecutingAssembly()
            || member.DeclaringType.IsArray)
        {
            return;
        }
        var types = method?.GetParameters().Select(one => one.ParameterType.Name);
        string arguments = types == null ? "" : $"({string.Join(", ", types)})";
        Found.Add($"{NameOf(member.DeclaringType)}.{member.Name}{arguments}");
    }

    private static int SizeOf(OpCode code, byte[] il, int at)
    {
        switch (code.OperandType)
        {
            case OperandType.InlineNone:
                return 0;
            case OperandType.ShortInlineBrTarget:
            case OperandType.ShortInlineI:
            case OperandType.ShortInlineVar:
                return 1;
            case OperandType.InlineVar:
                return 2;
            case OperandType.InlineI8:
            case OperandType.InlineR:
                return 8;
            case OperandType.InlineSwitch:
                return 4 + 4 * BitConverter.ToInt32(il, at);
            default:
                return 4;
        }
    }

    private static void Read(MethodBase method)
    {
        MethodBody body = method.GetMethodBody();
        if (body == null)
        {
            return;
        }
        body.LocalVariables.ToList().ForEach(local => Add(local.LocalType));
        Type[] types = method.DeclaringType.GetGenericArguments();
        Type[] own = method.IsGenericMethod ? method.GetGenericArguments() : null;
        byte[] il = body.GetILAsByteArray();
        for (int at = 0; at < il.Length;)
        {
            short value = il[at++];
            OpCode code = Codes[value == 0xfe ? (short)(0xfe00 | il[at++]) : value];
            if (code.OperandType == OperandType.InlineMethod
                || code.OperandType == OperandType.InlineField
                || code.OperandType == OperandType.InlineType
                || code.OperandType == OperandType.InlineTok)
            {
                Add(method.Module.ResolveMember(BitConverter.ToInt32(il, at), types, own));
            }
            at += SizeOf(code, il, at);
        }
    }

    private static void Main()
    {
        foreach (Type type in Assembly.GetExecutingAssembly().GetTypes())
        {
            if (type == typeof(ListApi) || !type.FullName.StartsWith("Portcullis."))
            {
                continue;
            }
            Add(type.BaseType);
            type.GetInterfaces().ToList().ForEach(Add);
            type.GetFields(All).ToList().ForEach(field => Add(field.FieldType));
            type.GetCustomAttributesData().ToList().ForEach(one => Add(one.Constructor));
            foreach (MethodBase method in type.GetMembers(All).OfType<MethodBase>())
            {
                method.GetParameters().ToList().ForEach(one => Add(one.ParameterType));
                Read(method);
            }
        }
        Found.ToList().ForEach(Console.WriteLine);
    }
}
