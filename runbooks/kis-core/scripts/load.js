// The load test of the deployment, for k6. API and LIMIT_MS come with --env, TOKEN from the environment.
import http from 'k6/http';
import { check, sleep } from 'k6';

export default function () {
  let response = http.get(`${__ENV.API}/api/v1/health`);
  check(response, {
    'status is 200': (r) => r.status === 200,
    'response time is within the limit': (r) => r.timings.duration < Number(__ENV.LIMIT_MS),
  });

  response = http.get(`${__ENV.API}/api/v1/estimates`, { headers: { Authorization: `Bearer ${__ENV.TOKEN}` } });
  check(response, { 'estimates status is 200': (r) => r.status === 200 });

  sleep(1);
}
