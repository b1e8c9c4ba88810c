// The load test of the deployment, for k6. API and LIMIT_MS come with --env, the password of the
// test account from the environment.
import http from 'k6/http';
import { check, sleep } from 'k6';

export function setup() {
  const account = JSON.stringify({ email: 'test@company.com', password: __ENV.SMOKE_TEST_PASSWORD });
  const response = http.post(`${__ENV.API}/api/v1/auth/login`, account, { headers: { 'Content-Type': 'application/json' } });
  return { token: response.json('token') };
}

export default function (data) {
  let response = http.get(`${__ENV.API}/api/v1/health`);
  check(response, {
    'status is 200': (r) => r.status === 200,
    'response time is within the limit': (r) => r.timings.duration < Number(__ENV.LIMIT_MS),
  });

  response = http.get(`${__ENV.API}/api/v1/estimates`, { headers: { Authorization: `Bearer ${data.token}` } });
  check(response, { 'estimates status is 200': (r) => r.status === 200 });

  sleep(1);
}
