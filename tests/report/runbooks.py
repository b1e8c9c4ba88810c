#!/usr/bin/env python3
"""runbooks.py NAME: prints a runbook whose run has much for a report to show."""
import sys

RICH = r"""
runbook: 1
name: kis_core_deploy
title: KIS_CORE_V3 배포 v2.4.0 → 운영 환경
version: 1.0.0
inputs: { tag: { type: string, default: v2.4.0 }, services: { type: list, of: string, default: [estimator, erp-ai] } }
defaults: { timeout: 20s }
preflight:
  - id: services
    name: 서비스 상태 확인
    foreach: [api-gateway, postgresql, redis]
    as: svc
    parallel: 3
    run: [echo, "${{ svc }}: 실행 중"]
    effect: read
  - id: load
    name: 리소스 사용량 확인
    run: echo 81
    effect: read
    capture: { cpu: percent(int(out)) }
  - name: 임계치 확인
    guard: { that: steps.load.cpu <= 80%, else: warn, say: "CPU ${{ steps.load.cpu }} — 높음" }
plan:
  - id: sure
    confirm: Deploy ${{ inputs.tag }}?
act:
  - id: stop
    name: 서비스 중지
    foreach: inputs.services
    as: svc
    run: [echo, stop, "${{ svc }}"]
    probe: { run: exit 1 }
    rollback: [{ run: "echo start ${{ svc }}" }]
  - id: migrate
    name: 데이터베이스 마이그레이션
    run: 'i=0; while [ $i -lt 80 ]; do i=$((i + 1)); echo "migration $i: ALTER TABLE estimates ADD COLUMN c$i int"; done'
    rollback: [{ run: echo downgrade; exit 4, retry: 0 }]
  - id: not_needed
    if: inputs.tag == 'v1'
    run: echo never
    rollback: []
test:
  - id: health
    name: 헬스 체크
    run: 'echo "{\"status\": \"down\"}"; echo "curl: (7) Connection refused" >&2; exit 7'
    effect: read
    retry: { max: 2, delay: 50ms }
always:
  - name: 임시 파일 정리
    run: echo cleaned
    effect: read
"""

HOSTILE = r"""
runbook: 1
name: hostile
title: '<script>document.title = "owned"</script> & "quotes" </title>'
preflight:
  - id: text
    name: '"><img src=x onerror="document.title = ''owned''"> </summary></details>'
    on_fail: continue
    run: |
      printf '<script>document.title = "owned"</script></pre></body>\n'
      printf ']]>--><!-- \033[31m \001\002\177 \357\277\276 \357\277\277 \355\240\200 \342\200\256 \n```\n# a\n|b|c\n'
      printf 'javascript:alert(1) http://example.invalid/ &lt;&#0;\r\n' >&2
      exit 1
    effect: read
  - guard:
      that: 1 > 2
      say: |
        </td></table><style>*{display:none}</style>
        ```
        <iframe src="http://example.invalid/"></iframe>
"""


def many(steps=5000):
    lines = ["runbook: 1", "name: many", "defaults: { timeout: 20s }", "preflight:",
             "  - id: loop", "    foreach: range(%d)" % steps, "    parallel: 4", '    run: ["true"]', "    effect: read"]
    lines += ['  - { id: s%d, run: ["true"], effect: read }' % i for i in range(steps)]
    return "\n".join(lines)


print({"rich": RICH, "hostile": HOSTILE, "many": many() if sys.argv[1] == "many" else ""}[sys.argv[1]])
