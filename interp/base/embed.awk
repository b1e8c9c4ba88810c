# Files docs/errors/RBnnn.md -> C table of base/pages.h. Run with LC_ALL=C.
# `?` is escaped because C11 still has trigraphs.
function end_page() {
	if (open) printf "\t\t\"\" },\n"
}
BEGIN {
	print "/* Generated from docs/errors; do not edit. */"
	print "#include \"base/pages.h\"\n"
	print "const struct page rb_pages[] = {"
}
FNR == 1 {
	end_page()
	code = FILENAME
	sub(/.*RB/, "", code)
	sub(/\.md$/, "", code)
	sub(/^0+/, "", code)
	printf "\t{ %s,\n", code
	open = 1
	pages++
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	gsub(/\?/, "\\?")
	gsub(/\t/, "\\t")
	gsub(/\r/, "")
	printf "\t\t\"%s\\n\"\n", $0
}
END {
	end_page()
	print "\t{ 0, \"\" }"
	print "};"
	printf "const size_t rb_page_count = %d;\n", pages
}
