// The load test of the deployment, for k6. API and TOKEN come with --env.
import http from 'k6/http';
import { check, sleep } from 'k6';

export default function () {
  let response = http.get(`${__ENV.API}/api/v1/health`);
  check(response, { 'status is 200': (r) => r.status === 200 });

  response = http.get(`${__ENV.API}/api/v1/estimates`);
  check(response, { 'estimates status is 200': (r) => r.status === 200 });

  sleep(1);
}
