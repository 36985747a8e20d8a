// What is printed for cron, on hosts in many zones and at several times of day.
import { hostZones } from '../commands/schedule/host-zones.js';

hostZones('all');
