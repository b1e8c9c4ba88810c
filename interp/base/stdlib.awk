# Files stdlib/NAME.yml, stdlib/NAME/ACTION.yml -> C table of base/stdlib.h. Run with LC_ALL=C.
# `?` is escaped because C11 still has trigraphs.
function end_module() {
	if (open) printf "\t\t\"\" },\n"
}
BEGIN {
	print "/* Generated from stdlib; do not edit. */"
	print "#include \"base/stdlib.h\"\n"
	print "const struct stdlib_module stdlib_modules[] = {"
}
FNR == 1 {
	end_module()
	name = FILENAME
	sub(/^stdlib\//, "", name)
	sub(/\.yml$/, "", name)
	printf "\t{ \"%s\",\n", name
	open = 1
	modules++
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	gsub(/\?/, "\\?")
	gsub(/\t/, "\\t")
	printf "\t\t\"%s\\n\"\n", $0
}
END {
	end_module()
	print "};"
	printf "const size_t stdlib_count = %d;\n", modules
}
