// The load test of scale-out.yml, for k6. BALANCER, MAX_P95 (milliseconds) and MAX_ERRORS (0 to 1)
// come with --env. A crossed threshold makes k6 end with exit code 99.
import http from 'k6/http';
import { check } from 'k6';

export const options = {
  thresholds: {
    http_req_duration: [`p(95)<=${__ENV.MAX_P95}`],
    http_req_failed: [`rate<=${__ENV.MAX_ERRORS}`],
  },
};

export default function () {
  const response = http.get(`${__ENV.BALANCER}/health`);
  check(response, { 'status is 200': (r) => r.status === 200 });
}
