load setup

two_runs() { # ARGS of the second
	deploy_yml
	run_rb 0 exec deploy.yml --yes -i tag=v1 --no-sync
	first=$(cut -d' ' -f1 out)
	run_rb "$@" --no-sync
	second=$(cut -d' ' -f1 out)
}

@test "diff: two runs of the same do not differ" {
	two_runs 0 exec deploy.yml --yes -i tag=v1
	run_rb 0 diff $first $second
	is "$(grep -v '^timing\|^  \|^    ' out || true)" ""
	run_rb 0 diff $first $second -o json
	is "$(jq -r '.same, (.inputs | length), (.path | length), .a, .b' out | tr '\n' ' ')" "true 0 0 $first $second "
}

@test "diff: inputs, commands and outputs" {
	two_runs 0 exec deploy.yml --yes -i tag=v2
	run_rb 1 diff $first $second
	cat >wanted <<-'EOF'
		inputs
		  tag
		    - v1
		    + v2
		path
		  preflight/look  command
		    - echo 'looking at v1'
		    + echo 'looking at v2'
	EOF
	head -n 8 out | diff wanted -
	run_rb 1 diff $first $second -o json
	is "$(jq -r '.outputs[] | select(.k == "preflight/look" and .what == "capture seen") | .a + " " + .b' out)" "looking at v1 looking at v2"
	is "$(jq -r .same out)" false
}

@test "diff: the path taken and the outcome" {
	two_runs 3 exec deploy.yml --yes -i tag=v1 -i broken=true
	run_rb 1 diff $first $second -o json
	is "$(jq -r '.outcome[] | select(.what == "status") | .a + " " + .b' out)" "ok rolled_back"
	is "$(jq -r '.path[] | select(.k == "act/switch" and .what == "status") | .a + " " + .b' out)" "ok undone"
	is "$(jq -r '.path[] | select(.k == "act/switch!undo/#1") | .a, .b' out | tr '\n' ' ')" "null ok "
	is "$(jq -r '.path[] | select(.k == "test/check" and .what == "guard") | .a + " " + .b' out)" "pass fail"
	is "$(jq -r '.outcome[] | select(.what == "failed step") | .b' out)" test/check
}

@test "diff: another version of the runbook; steps that came and went" {
	two_runs 0 exec deploy.yml --yes -i tag=v1
	sed -e 's/1.2.0/1.3.0/' -e 's/id: switch/id: change/' deploy.yml >new.yml
	run_rb 0 exec new.yml --yes -i tag=v1 --no-sync
	run_rb 1 diff $first @last -o json
	is "$(jq -r '.runbook[] | select(.what == "version") | .a + " " + .b' out)" "1.2.0 1.3.0"
	is "$(jq -r '[.runbook[].what] | index("sha256") != null' out)" true
	is "$(jq -r '.path[] | select(.k == "act/switch") | .b' out)" null
	is "$(jq -r '.path[] | select(.k == "act/change") | .a' out)" null
}

@test "diff: time is shown but makes no difference" {
	cat >t.yml <<-'EOF'
		runbook: 1
		name: t
		preflight:
		  - id: nap
		    run: if mkdir once; then sleep 0.4; fi
		    effect: read
	EOF
	run_rb 0 exec t.yml --no-sync
	first=$(cut -d' ' -f1 out)
	run_rb 0 exec t.yml --no-sync
	run_rb 1 diff $first @last # standard error of mkdir
	says 'timing' out
	says 'preflight/nap  took' out
	sed -i 's/mkdir once/mkdir twice 2>\/dev\/null/' t.yml
	run_rb 0 exec t.yml --no-sync
	first=$(cut -d' ' -f1 out)
	run_rb 0 exec t.yml --no-sync
	run_rb 0 diff $first @last -o json
	is "$(jq -r '.timing[] | select(.k == "preflight/nap") | .a_us > .b_us' out)" true
}

@test "diff: usage and unknown runs are 2, a damaged one 6" {
	run_rb 2 diff
	two_runs 0 exec deploy.yml --yes -i tag=v1
	run_rb 2 diff $first
	run_rb 2 diff $first nothing
	run_rb 2 diff $first $second -o xml
	sed -i '5s/"m":/"m":1/' state/runs/$second/journal.jsonl
	run_rb 6 diff $first $second
}
